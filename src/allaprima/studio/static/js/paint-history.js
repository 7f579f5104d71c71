// The wish that is painted, what came before it, and the address that says it.
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { fromAddress, same, toAddress } from "./wish.js";

const PAUSE = 350; // milliseconds without a change until a step is one that can be undone
const MOST = 200;

const fieldsOf = (hash) => hash.replace(/^#\/?paint\??/, "");
const clean = (wish) => Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));

export function useHistory(facts, address) {
  const [state, setState] = useState(() => {
    const wish = fromAddress(address, facts);
    return { wish, settled: wish, past: [], future: [] };
  });
  const timer = useRef(0);

  const settle = useCallback(() => setState((now) => {
    if (same(now.wish, now.settled)) return now;
    return { wish: now.wish, settled: now.wish, past: [...now.past, now.settled].slice(-MOST), future: [] };
  }), []);

  const change = useCallback((part) => {
    setState((now) => ({ ...now, wish: clean({ ...now.wish, ...part }) }));
    clearTimeout(timer.current);
    timer.current = setTimeout(settle, PAUSE);
  }, [settle]);

  const travel = (from, to) => setState((now) => {
    // What is not settled yet is a step too.
    const moved = same(now.wish, now.settled) ? now : { wish: now.wish, settled: now.wish, past: [...now.past, now.settled], future: [] };
    if (!moved[from].length) return moved;
    const wish = moved[from][moved[from].length - 1];
    return { ...moved, wish, settled: wish, [from]: moved[from].slice(0, -1), [to]: [...moved[to], moved.wish] };
  });

  // The address follows when the hand rests; nothing else listens to that.
  useEffect(() => {
    const wanted = `#/paint?${toAddress(state.settled)}`;
    if (location.hash !== wanted) history.replaceState(null, "", wanted);
  }, [state.settled]);

  useEffect(() => {
    const follow = () => {
      if (!/^#\/?(paint|$)/.test(location.hash)) return;
      const fields = fieldsOf(location.hash);
      const model = new URLSearchParams(fields).get("model");
      if (model && model !== facts.name) return; // the frame opens another model
      change(fromAddress(fields, facts));
    };
    addEventListener("hashchange", follow);
    return () => { removeEventListener("hashchange", follow); clearTimeout(timer.current); };
  }, [facts, change]);

  return {
    wish: state.wish,
    change,
    undo: () => travel("past", "future"),
    redo: () => travel("future", "past"),
    canUndo: state.past.length > 0 || !same(state.wish, state.settled),
    canRedo: state.future.length > 0,
  };
}
