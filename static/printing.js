// The page to print a conversation: its button opens the browser's dialog.

document.getElementById("print").addEventListener("click", () => window.print());
