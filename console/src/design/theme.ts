/** Mantine, brought to the tokens: dense sizes, one accent, quiet corners. */
import { createTheme, type CSSVariablesResolver, defaultVariantColorsResolver } from "@mantine/core";

const SMALL = { defaultProps: { size: "xs" } };

export const theme = createTheme({
  primaryColor: "tide",
  primaryShade: { light: 7, dark: 4 },
  variantColorResolver: (asked) => {
    const tone = asked.color === "red" ? "bad" : "accent";
    if (asked.variant !== "filled" || !["red", "tide", undefined].includes(asked.color)) return defaultVariantColorsResolver(asked);
    const hover = `color-mix(in oklab, var(--${tone}) 88%, var(--ink))`;
    return { background: `var(--${tone})`, hover, color: "var(--on-accent)", border: "1px solid transparent" };
  },
  colors: {
    // What Mantine draws in the dark: the cool greys of the tokens.
    dark: ["#e6eced", "#a5b3b7", "#8b9a9f", "#5f6e73", "#3d4a4f", "#283236", "#1c2528", "#161d20", "#0f1517", "#0b1012"],
    tide: ["#eaf6f8", "#d6ecf0", "#abd8e2", "#7fc5d5", "#4fb7cf", "#2a9cb6", "#167f98", "#0e6a80", "#0a5365", "#073c4a"],
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "0.8125rem", sm: "0.8125rem", md: "0.875rem", lg: "0.9375rem", xl: "1.1875rem" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "40px" },
  defaultRadius: "6px",
  cursorType: "pointer",
  // By name, not by component: what no screen on show uses is not loaded.
  components: {
    ...Object.fromEntries(
      ["Button", "Checkbox", "NumberInput", "PasswordInput", "PinInput", "Radio", "SegmentedControl", "Switch", "TagsInput", "Textarea", "TextInput"].map(
        (name) => [name, SMALL],
      ),
    ),
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    Badge: { defaultProps: { variant: "light", size: "sm", radius: "sm" }, styles: { label: { textTransform: "none" } } },
    Select: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" }, allowDeselect: false } },
    MultiSelect: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    // What keys open stands at once, and is gone at once: no key waits for a picture that moves.
    Menu: { defaultProps: { shadow: "md", position: "bottom-end", transitionProps: { duration: 0 } } },
    Popover: { defaultProps: { transitionProps: { duration: 0 } } },
    // A click beside a form is no word to throw away what was typed: Escape and the cross close it.
    Modal: { defaultProps: { centered: true, closeOnClickOutside: false, transitionProps: { duration: 0 } } },
    ModalRoot: { defaultProps: { transitionProps: { duration: 0 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 } } },
  },
});

const SHARED = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink-2)",
  "--mantine-color-placeholder": "var(--ink-3)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-color-anchor": "var(--accent)",
};

/** Mantine's own colours, led back to ours. */
export const resolver: CSSVariablesResolver = () => ({ variables: {}, light: SHARED, dark: SHARED });
