// The same latents through time: a sheet of painted images for each snapshot, and real ones beside it.
import { html, useEffect, useRef, useState } from "./html.js";
import { Button } from "./ui.js";
import { sheetAddress } from "./train-run.js";
import { brief } from "./train-words.js";

const FIRST = "fakes_init.png";
const FRAME = 600; // milliseconds
const SCREEN = [720, 1280]; // the training fills about this with a sheet

// Height and width of a sheet of fakes, so that the page keeps its place free.
export function sheetSize([, height, width]) {
  const rows = Math.min(Math.max(Math.floor(SCREEN[0] / height), 3), 9);
  const columns = Math.min(Math.max(Math.floor(SCREEN[1] / width), 4), 16);
  return [rows * height, columns * width];
}

// The address of the newest picture that has come: the old one stays until the next can be shown.
function useLoaded(address) {
  const [shown, setShown] = useState(address);
  useEffect(() => {
    if (!address) return undefined;
    let gone = false;
    const image = new Image();
    image.src = address;
    image.decode().then(() => gone || setShown(address), () => gone || setShown(address));
    return () => { gone = true; };
  }, [address]);
  return shown ?? address;
}

// The name of the sheet that was painted last before a time, or at it; null for the newest, which goes with the training.
export function sheetAt(sheets, kimg) {
  const index = sheets.findLastIndex((sheet) => sheet.kimg <= kimg + 1e-6);
  return index < 0 || index === sheets.length - 1 ? null : sheets[index].name;
}

// wanted: the name of a sheet; null: the newest.
export function Sheets({ facts, wanted, onWanted }) {
  const { sheets, reals } = facts;
  const [plays, setPlays] = useState(false);
  const latest = sheets.length - 1;
  const found = sheets.findIndex((sheet) => sheet.name === wanted);
  const index = found < 0 ? latest : found;
  const show = (number) => onWanted(number >= latest ? null : sheets[number].name);
  const timer = useRef(0);
  useEffect(() => {
    if (!plays) return undefined;
    timer.current = setTimeout(() => {
      show(index + 1);
      if (index + 1 >= latest) setPlays(false);
    }, FRAME);
    return () => clearTimeout(timer.current);
  }, [plays, index, latest]);
  const sheet = sheets[Math.max(0, index)];
  const source = useLoaded(sheet ? sheetAddress(facts.name, sheet) : null);
  if (!sheet) return html`<p class="hint">There are no images yet: the first sheet is painted before the first step.</p>`;
  const size = facts.shape.length ? sheetSize(facts.shape) : [undefined, undefined];
  const play = () => {
    if (!plays && index === latest) onWanted(sheets[0].name);
    setPlays(!plays);
  };
  const when = sheet.name === FIRST ? "before training" : sheet.kimg ? `after ${brief(sheet.kimg)} thousand images` : "after less than a thousand images";
  return html`<div class="train-sheets">
    <figure class="train-sheet">
      <a href=${source} target="_blank" rel="noopener" title="Open the sheet in full size"><img class="picture" src=${source} width=${size[1]} height=${size[0]} alt=${`What the generator paints ${when}`} /></a>
      <div class="train-sheet-time">
        <${Button} kind="small" onClick=${play} disabled=${sheets.length < 2} aria-pressed=${String(plays)}>${plays ? "❚❚ Pause" : "▶ Play"}<//>
        <input type="range" min="0" max=${latest} step="1" value=${index} disabled=${sheets.length < 2} aria-label="Time" aria-valuetext=${when}
          onInput=${(event) => { setPlays(false); show(Number(event.target.value)); }} />
        <output aria-live="off">${sheet.name === FIRST ? "start" : `${brief(sheet.kimg)} kimg`}</output>
      </div>
      <figcaption>Painted from the same latents, ${when}.</figcaption>
    </figure>
    ${reals && html`<figure class="train-sheet">
      <a href=${sheetAddress(facts.name, reals)} target="_blank" rel="noopener" title="Open the sheet in full size"><img class="picture" src=${sheetAddress(facts.name, reals)} width=${size[1]} height=${size[0]} alt="Images that it learns from" /></a>
      <figcaption>Real images that it learns from${facts.images ? `: ${facts.images.toLocaleString("en")} in all` : ""}.</figcaption>
    </figure>`}
  </div>`;
}
