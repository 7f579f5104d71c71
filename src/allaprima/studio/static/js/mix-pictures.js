// Pictures of many wishes, line by line: what was painted before is remembered, what is not wanted any more not waited for.
import { useEffect, useRef, useState } from "./html.js";
import { postJson } from "./api.js";
import { asOrder, toAddress } from "./wish.js";

const REMEMBERED = 400;
const PAUSE = 60; // milliseconds: a slider that moves asks for a few of its places only

// lines: lists of wishes, which are asked for together
export function usePictures(lines) {
  const known = useRef(new Map());
  const [, redraw] = useState(0);
  const [error, setError] = useState(null);
  const wanted = lines.map((line) => line.map(toAddress));
  const key = JSON.stringify(wanted);
  useEffect(() => {
    let gone = false;
    const ask = async () => {
      for (const [index, line] of lines.entries()) {
        if (gone) return;
        const missing = line.filter((_, place) => !known.current.has(wanted[index][place]));
        if (!missing.length) continue;
        const { media_type, images } = await postJson("/api/generate", { wishes: missing.map(asOrder) });
        missing.forEach((wish, place) => known.current.set(toAddress(wish), `data:${media_type};base64,${images[place]}`));
        if (!gone) redraw((count) => count + 1);
      }
      forgetOld(known.current, wanted.flat());
      if (!gone) setError(null);
    };
    const timer = setTimeout(() => ask().catch((problem) => gone || setError(problem)), PAUSE);
    return () => { gone = true; clearTimeout(timer); };
  }, [key]);
  return { picture: (wish) => known.current.get(toAddress(wish)), error };
}

function forgetOld(known, wanted) {
  const keep = new Set(wanted);
  for (const name of known.keys()) {
    if (known.size <= REMEMBERED) return;
    if (!keep.has(name)) known.delete(name);
  }
}
