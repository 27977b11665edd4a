import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const sea: MantineColorsTuple = [
  "#e8f6fb",
  "#d3ebf4",
  "#a6d6e8",
  "#77c1dc",
  "#51b0d2",
  "#3aa4ca",
  "#2b98c0",
  "#1a84ab",
  "#08749b",
  "#006082",
];

/** A grey with a little of the sea in it; as the backgrounds of the dark scheme it is calmer than black. */
const gray: MantineColorsTuple = [
  "#f8fafc",
  "#f1f4f8",
  "#e6ebf1",
  "#d8dfe8",
  "#c1cad6",
  "#97a3b3",
  "#68758a",
  "#4a5667",
  "#323d4c",
  "#1c2530",
];

const dark: MantineColorsTuple = [
  "#d9dfe7",
  "#b6c0cc",
  "#93a0b0",
  "#6d7a8b",
  "#38424f",
  "#2a323d",
  "#1c222b",
  "#12161c",
  "#0d1116",
  "#090c10",
];

const sans =
  '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';
const mono = 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace';

export const theme = createTheme({
  primaryColor: "sea",
  primaryShade: 8,
  colors: { sea, gray, dark },
  fontFamily: sans,
  fontFamilyMonospace: mono,
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.5" },
  headings: {
    fontFamily: sans,
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.3" },
      h2: { fontSize: "0.9375rem", lineHeight: "1.4" },
      h3: { fontSize: "0.875rem", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "sm" } },
    SegmentedControl: { styles: { label: { paddingInline: 10 } } },
    Select: { defaultProps: { size: "sm", comboboxProps: { shadow: "md" } } },
    TextInput: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
    Table: { defaultProps: { verticalSpacing: 8, horizontalSpacing: "md" } },
    Popover: { styles: { dropdown: { background: "var(--surface)", borderColor: "var(--border)" } } },
    Modal: {
      styles: { content: { background: "var(--surface)" }, header: { background: "var(--surface)" }, title: { fontWeight: 600 } },
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
        closeButtonProps: { "aria-label": "Close" },
        // The library makes it a <header>, which would be a second banner of the page.
        attributes: { header: { role: "presentation" } },
      },
    },
  },
});

/** Where the library's own greys have too little contrast to be read. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f4f6f9",
    "--mantine-color-text": "#1c2530",
    "--mantine-color-dimmed": "#566275",
    "--mantine-color-placeholder": "#68758a",
    "--mantine-color-error": "#b42323",
    "--mantine-color-anchor": "#006e96",
  },
  dark: {
    "--mantine-color-dimmed": "#98a5b5",
    "--mantine-color-placeholder": "#8794a5",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-anchor": "#6cc0e0",
  },
});
