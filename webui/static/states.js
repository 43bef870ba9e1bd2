// Seat states: glyph and word, never colour alone.

import { t } from "./words.js";

export const STATES = {
  waiting: { glyph: "●", word: () => t("待機") },
  manual: { glyph: "○", word: () => t("通常") },
  ringing: { glyph: "…", word: () => t("呼出") },
  talking: { glyph: "☎", word: () => t("通話") },
  wrapup: { glyph: "✎", word: () => t("後処理") },
  break: { glyph: "■", word: () => t("休憩") },
  paused: { glyph: "□", word: () => t("準備中") },
  login: { glyph: "－", word: () => t("ログイン中") },
  logged_out: { glyph: "－", word: () => t("未ログイン") },
};

// Why somebody is on a break: two known reasons, or the person's own word.
const REASON = { break: () => t("休憩"), away: () => t("離席") };
export const reasonWord = (reason) => REASON[reason]?.() ?? reason;

// After the first time the tile gets a thick edge, after the second the alarm colour: seconds in a state.
export const LONG_S = { talking: [600, 1800], wrapup: [60, 180], break: [3600, 5400], paused: [900, 3600], waiting: [120, 600] };
