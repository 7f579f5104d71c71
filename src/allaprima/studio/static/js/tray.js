// Pictures that were kept: in this browser, for this studio, until they are thrown away.
import { html, useEffect, useState } from "./html.js";
import { postForBlob } from "./api.js";
import { asOrder, describe, same, toAddress } from "./wish.js";
import { Button } from "./ui.js";

const KEY = "allaprima-tray";
const MOST = 64;
const listeners = new Set();

// Each: { wish, image: a data address, alt }
export function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function store(items) {
  try {
    localStorage.setItem(KEY, JSON.stringify(items.slice(-MOST)));
  } catch { /* the browser keeps nothing: the tray lives as long as the page */ }
  for (const listener of listeners) listener(items);
}

const asData = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(new Error("the picture cannot be read"));
  reader.readAsDataURL(blob);
});

export async function keep(wish, facts) {
  if (kept().some((each) => same(each.wish, wish))) return;
  const blob = await postForBlob("/api/picture?format=webp", asOrder(wish));
  store([...kept(), { wish, image: await asData(blob), alt: describe(wish, facts) }]);
}

export const forget = (index) => store(kept().filter((_, other) => other !== index));

export function useTray() {
  const [items, setItems] = useState(kept);
  useEffect(() => {
    const elsewhere = (event) => event.key === KEY && setItems(kept());
    listeners.add(setItems);
    addEventListener("storage", elsewhere);
    return () => { listeners.delete(setItems); removeEventListener("storage", elsewhere); };
  }, []);
  return items;
}

// The tray as a strip. chosen: indices; onChoose(index) marks one instead of opening it.
export function Tray({ model, onOpen, onChoose, chosen = [] }) {
  const items = useTray().map((item, index) => ({ ...item, index })).filter((item) => !model || item.wish.model === model);
  if (!items.length) {
    return html`<p class="hint tray-empty">Nothing is kept yet. <strong>Keep</strong> a picture on the Paint page, and it waits here.</p>`;
  }
  return html`<ul class="tray" aria-label="Kept pictures">${items.map((item) => html`
    <li key=${toAddress(item.wish)} class=${chosen.includes(item.index) ? "chosen" : ""}>
      <button type="button" class="picture-button" aria-pressed=${onChoose ? String(chosen.includes(item.index)) : undefined}
        onClick=${() => (onChoose ? onChoose(item.index) : onOpen(item.wish))} title=${onChoose ? "Choose" : "Open on the Paint page"}>
        <img class="picture pixels" src=${item.image} alt=${item.alt} /></button>
      <${Button} kind="tiny" title="Throw away" aria-label=${`Throw away ${item.alt}`} onClick=${() => forget(item.index)}>×<//>
      ${chosen.includes(item.index) && html`<span class="badge" aria-hidden="true">${chosen.indexOf(item.index) + 1}</span>`}
    </li>`)}</ul>`;
}
