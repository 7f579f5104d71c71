// One run, asked about again and again: how it stands, and the numbers that have come since.
import { useEffect, useState } from "./html.js";
import { getJson } from "./api.js";
import { stateOf } from "./train-words.js";

const OFTEN = 2000; // milliseconds, while it trains
const SELDOM = 8000;

export const runAddress = (run) => `/api/runs/${encodeURIComponent(run)}`;
export const sheetAddress = (run, sheet) => `${runAddress(run)}/sheets/${encodeURIComponent(sheet.name)}?v=${sheet.version}`;

const NOTHING = { edition: "", total: 0, columns: {} };

// Add what has come: who is told from the beginning again forgets the rest.
export function grown(known, more) {
  const fresh = more.edition !== known.edition || more.first === 0;
  const before = fresh ? {} : known.columns;
  const columns = {};
  for (const [name, values] of Object.entries(more.columns)) {
    columns[name] = (before[name] ?? new Array(more.first).fill(null)).slice(0, more.first).concat(values);
  }
  const got = Math.max(more.first, ...Object.values(columns).map((values) => values.length));
  return { edition: more.edition, total: got, columns };
}

async function numbersSince(name, known) {
  for (let part = 0; part < 1000; part += 1) {
    const more = await getJson(`${runAddress(name)}/statistics?after=${known.total}&edition=${known.edition}`);
    if (more.edition === known.edition && more.first === known.total && more.total === known.total) return known;
    known = grown(known, more);
    if (known.total >= more.total) return known;
  }
  return known;
}

// { facts, numbers, error, refresh }; facts are null until they are known.
export function useRun(name) {
  const [state, setState] = useState({ facts: null, numbers: NOTHING, error: null });
  const [times, setTimes] = useState(0);
  useEffect(() => {
    let timer = 0;
    let gone = false;
    let known = state.numbers;
    const look = async () => {
      let pause = SELDOM;
      try {
        if (!document.hidden) {
          const facts = await getJson(runAddress(name));
          known = await numbersSince(name, known);
          if (gone) return;
          setState({ facts, numbers: known, error: null });
          if (stateOf(facts).isOpen) pause = OFTEN;
        }
      } catch (error) {
        if (gone) return;
        setState((before) => ({ ...before, error }));
        if (error.status === 404) return;
      }
      if (!gone) timer = setTimeout(look, pause);
    };
    look();
    return () => { gone = true; clearTimeout(timer); };
  }, [name, times]);
  return { ...state, refresh: () => setTimes((count) => count + 1) };
}
