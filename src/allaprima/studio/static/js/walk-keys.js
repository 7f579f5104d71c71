// The pictures that a walk passes: they can be put into another order by dragging, or with their arrows.
import { html, useRef, useState } from "./html.js";
import { Button, Picture, Select, TextField, classes } from "./ui.js";
import { usePictures } from "./mix-pictures.js";
import { LARGEST_SEED, describe, toAddress } from "./wish.js";
import { MOST_KEYS, seedWish } from "./walk-address.js";

const AT_ONCE = 16; // pictures in a request

export function Keys({ facts, keys, used, onChange, onAdd, onPaint }) {
  const lines = Array.from({ length: Math.ceil(keys.length / AT_ONCE) }, (_, line) => keys.slice(line * AT_ONCE, (line + 1) * AT_ONCE));
  const { picture } = usePictures(lines);
  const dragged = useRef(null);
  const [over, setOver] = useState(null);
  const move = (from, to) => {
    if (from === to || to < 0 || to >= keys.length) return;
    const rest = keys.filter((_, index) => index !== from);
    onChange([...rest.slice(0, to), keys[from], ...rest.slice(to)]);
  };
  const drop = (event, index) => {
    event.preventDefault();
    if (dragged.current !== null) move(dragged.current, index);
    dragged.current = null;
    setOver(null);
  };
  return html`<ol class="walk-strip">
    ${keys.map((key, index) => {
      const name = `picture ${index + 1}`;
      const src = picture(key);
      return html`<li key=${`${toAddress(key)} ${index}`} draggable="true" class=${classes(index >= used && "unused", over === index && "over")}
          onDragStart=${() => { dragged.current = index; }} onDragEnd=${() => { dragged.current = null; setOver(null); }}
          onDragOver=${(event) => { if (dragged.current !== null) { event.preventDefault(); setOver(index); } }} onDrop=${(event) => drop(event, index)}>
        ${src ? html`<${Picture} src=${src} alt=${describe(key, facts)} height=${facts.height} width=${facts.width} onClick=${() => onPaint(key)} title="Open on the Paint page; drag to move" />`
          : html`<div class="mix-blank" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }} aria-hidden="true"></div>`}
        <div class="walk-arrows">
          <${Button} kind="tiny" disabled=${index === 0} onClick=${() => move(index, index - 1)} aria-label=${`Move ${name} to the front`} title="Earlier">←<//>
          <${Button} kind="tiny" onClick=${() => onChange(keys.filter((_, other) => other !== index))} aria-label=${`Remove ${name}`} title="Remove">×<//>
          <${Button} kind="tiny" disabled=${index === keys.length - 1} onClick=${() => move(index, index + 1)} aria-label=${`Move ${name} to the back`} title="Later">→<//>
        </div>
      </li>`;
    })}
    ${keys.length < MOST_KEYS && html`<li class="walk-more"><button type="button" class="walk-plus" onClick=${onAdd} aria-label="Add a random picture"
      title="Add a random picture" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }}>+</button></li>`}
  </ol>`;
}

// "1, 5, 9-12" as seeds; null if that cannot be read.
export function seedsOf(text) {
  const seeds = [];
  for (const part of text.split(/[,\s]+/).filter(Boolean)) {
    const match = part.match(/^(\d{1,10})(?:-(\d{1,10}))?$/);
    if (!match) return null;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (last < first || last > LARGEST_SEED || last - first >= MOST_KEYS) return null;
    for (let seed = first; seed <= last; seed++) seeds.push(seed);
  }
  return seeds;
}

export function SeedsForm({ facts, room, onAdd, onReplace }) {
  const [text, setText] = useState("");
  const [number, setNumber] = useState(0);
  const seeds = seedsOf(text);
  const wishes = (seeds ?? []).map((seed) => seedWish(seed, facts, facts.classes.length ? { [number]: 1 } : undefined));
  const submit = (act) => { act(wishes); setText(""); };
  const words = seeds === null ? "Write numbers and ranges, such as 1, 5, 9-12." : `Numbers and ranges; at most ${MOST_KEYS} pictures.`;
  return html`<form onSubmit=${(event) => { event.preventDefault(); if (wishes.length && wishes.length <= room) submit(onAdd); }}>
    <${TextField} label="Seeds" value=${text} placeholder="1, 5, 9-12" onChange=${setText} hint=${words} />
    ${facts.classes.length > 0 && html`<${Select} label="Class" value=${number} options=${facts.classes.map((name, index) => [index, name])}
      onChange=${(value) => setNumber(Number(value))} />`}
    <div class="row"><${Button} kind="small" type="submit" disabled=${!wishes.length || wishes.length > room}>Add them<//>
      <${Button} kind="small" disabled=${!wishes.length || wishes.length > MOST_KEYS} onClick=${() => submit(onReplace)}>Walk through these alone<//></div>
  </form>`;
}
