// What draws the pages: Preact with tagged templates, one file without a build step (vendor/LICENSES.txt).
import { useMemo } from "../vendor/preact-htm.js";

export {
  html, render, useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useReducer,
} from "../vendor/preact-htm.js";

let count = 0;

// A name for an element that no other has: the small edition of Preact lacks this hook.
export function useId() {
  return useMemo(() => `id-${++count}`, []);
}
