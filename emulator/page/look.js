// Light or dark: as the system wishes until somebody chooses, and then as chosen.

import { icon, unseen } from './dom.js';

const KEY = 'channel-flow-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Makes a button switch between light and dark. */
export function startTheme(button) {
    const now = () => document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
    const draw = () => {
        const label = now() === 'dark' ? 'Use light colors' : 'Use dark colors';
        button.title = label;
        button.replaceChildren(icon(now() === 'dark' ? 'sun' : 'moon'), unseen(label));
    };
    button.addEventListener('click', () => {
        const theme = now() === 'dark' ? 'light' : 'dark';
        document.documentElement.dataset.theme = theme;
        try {
            localStorage.setItem(KEY, theme);
        } catch {
            // Without storage the choice lasts as long as the page.
        }
        draw();
    });
    dark.addEventListener('change', draw);
    draw();
}
