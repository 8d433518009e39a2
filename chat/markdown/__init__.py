"""Pure: markdown as safe HTML, whole and as it grows, within what a text may cost."""
