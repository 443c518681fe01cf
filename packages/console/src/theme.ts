import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from '@mantine/core';

/** Verdigris: the one accent. Where day and night take theirs from is the stylesheet of the sign-in pages. */
const verdigris: MantineColorsTuple = [
  '#e9f3f0',
  '#d3e7e1',
  '#a9d2c8',
  '#79c2b1',
  '#5aa997',
  '#3a8675',
  '#1f6a5c',
  '#164f45',
  '#103c34',
  '#0a2923',
];
/** Ink, from what is written on it to the deepest: what the library makes menus and fields of by night. */
const dark: MantineColorsTuple = [
  '#e6dccb',
  '#cfc4b0',
  '#a89c87',
  '#80755f',
  '#4a4338',
  '#37322a',
  '#24211c',
  '#191714',
  '#131210',
  '#100f0d',
];
/** Only for what destroys. */
const cinnabar: MantineColorsTuple = [
  '#faebe9',
  '#f4d3ce',
  '#eeb0a7',
  '#ec9a8d',
  '#ec8273',
  '#c9493b',
  '#a32b1f',
  '#842117',
  '#661911',
  '#48110b',
];

const SANS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';
const SERIF =
  '"Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "URW Palladio L", "Noto Serif", Georgia, "Songti SC", "Noto Serif CJK SC", "Source Han Serif SC", serif';

/** What is written on a filled ground is by day and by night another colour, which the library decides for the day alone. */
const variantColors: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  if (input.variant === 'outline' && input.color === 'cinnabar')
    return { ...colors, color: 'var(--destroy)', border: '1px solid var(--destroy)', hover: 'var(--wash)' };
  return input.variant === 'filled' ? { ...colors, color: `var(--mantine-color-${input.color ?? 'verdigris'}-contrast)` } : colors;
};

export const theme = createTheme({
  variantColorResolver: variantColors,
  colors: { dark, verdigris, cinnabar },
  primaryColor: 'verdigris',
  primaryShade: { light: 6, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.28,
  defaultRadius: 4,
  fontFamily: SANS,
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontFamily: SERIF, fontWeight: '600' },
  cursorType: 'pointer',
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
  },
});

/** Ink on paper by day, bronze on ink by night. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fdfbf6',
    '--mantine-color-text': '#1e1b16',
    '--mantine-color-dimmed': '#655d50',
    '--mantine-color-default': '#fffefb',
    '--mantine-color-default-hover': '#f3ede0',
    '--mantine-color-default-border': '#cfc5b2',
    '--mantine-color-placeholder': '#756c5d',
    '--mantine-color-error': '#a32b1f',
    '--mantine-color-anchor': '#1f6a5c',
    '--mantine-color-disabled': '#ebe4d5',
    '--mantine-color-disabled-color': '#7d7363',
    '--mantine-color-disabled-border': '#ddd4c3',
    '--mantine-color-verdigris-contrast': '#fdfbf6',
    '--mantine-color-cinnabar-contrast': '#fdfbf6',
  },
  dark: {
    '--mantine-color-body': '#191714',
    '--mantine-color-text': '#e6dccb',
    '--mantine-color-dimmed': '#a89c87',
    '--mantine-color-default': '#131210',
    '--mantine-color-default-hover': '#24211c',
    '--mantine-color-default-border': '#4a4338',
    '--mantine-color-placeholder': '#978b76',
    '--mantine-color-error': '#ec8273',
    '--mantine-color-anchor': '#79c2b1',
    '--mantine-color-disabled': '#24211c',
    '--mantine-color-disabled-color': '#8c816d',
    '--mantine-color-disabled-border': '#37322a',
    '--mantine-color-verdigris-contrast': '#0e1714',
    '--mantine-color-verdigris-filled-hover': '#79c2b1',
    '--mantine-primary-color-filled-hover': '#79c2b1',
    '--mantine-color-cinnabar-filled-hover': '#ec9a8d',
    '--mantine-color-cinnabar-contrast': '#1b0d0a',
    '--mantine-primary-color-contrast': '#0e1714',
  },
});
