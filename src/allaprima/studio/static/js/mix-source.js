// The head of a row or a column: its picture, and its seed, which can be typed or drawn anew.
import { html, useId } from "./html.js";
import { Button, Picture } from "./ui.js";
import { LARGEST_SEED, describe, randomSeed } from "./wish.js";

export function SourceHead({ facts, which, index, source, picture, wish, onChange, onRemove, onPaint }) {
  const id = useId();
  const name = `${which} ${index + 1}`;
  const isSeed = typeof source === "number";
  const type = (event) => {
    const seed = Number(event.target.value);
    if (event.target.value !== "" && Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED) onChange(seed);
    else event.target.value = source;
  };
  return html`<div class="mix-source">
    <div class="mix-tools"><${Button} kind="tiny" onClick=${() => onChange(randomSeed())} aria-label=${`Another seed for ${name}`} title="Another seed">↻<//>
      ${onRemove && html`<${Button} kind="tiny" onClick=${onRemove} aria-label=${`Remove ${name}`} title="Remove">×<//>`}</div>
    ${picture ? html`<${Picture} src=${picture} alt=${describe(wish, facts)} height=${facts.height} width=${facts.width} onClick=${onPaint}
        title="Open on the Paint page" />`
      : html`<div class="mix-blank" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }} aria-hidden="true"></div>`}
    <div class="mix-seed">
      ${isSeed ? html`<label class="unseen" for=${id}>Seed of ${name}</label>
        <input id=${id} type="number" min="0" max=${LARGEST_SEED} step="1" value=${source} onChange=${type} />`
        : html`<span class="mix-kept">kept</span>`}
    </div>
  </div>`;
}
