// Before anything is drawn: light or dark, as it was chosen last. Without a choice the system's wish holds.
(() => {
    let theme = null;
    try {
        theme = localStorage.getItem('channel-flow-theme');
    } catch {
        // Without storage a choice lasts as long as the page.
    }
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
