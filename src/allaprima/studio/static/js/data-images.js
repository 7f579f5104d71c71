// The images of a data set, page after page.
import { html, useMemo } from "./html.js";
import { Button, NumberField, Problem } from "./ui.js";
import { useKept } from "./inside-parts.js";
import { Sheet } from "./data-sheet.js";
import { dataAddress } from "./data.js";

const PER_PAGE = 60;

export function Images({ name, about, page, toPage, show }) {
  const pages = Math.max(1, Math.ceil(about.total / PER_PAGE));
  const at = Math.min(pages, Math.max(1, page));
  const [answer, error, isOld] = useKept(`${dataAddress(name)}/images?start=${(at - 1) * PER_PAGE}&count=${PER_PAGE}`);
  const names = useMemo(() => (answer?.images ?? []).map((each) => title(each, about)), [answer]);
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<p class="starting" role="status">Fetching images…</p>`;
  const broken = answer.images.filter((each) => each.broken).length;
  const choose = (place) => answer.images[place].broken || show(answer.images, place);
  return html`<div><div aria-busy=${isOld}>
      <${Sheet} address=${answer.sheet} columns=${answer.columns} rows=${answer.rows} height=${answer.height} width=${answer.width}
        names=${names} label="Images of this page" onChoose=${choose} /></div>
    ${broken > 0 && html`<p class="hint">Gray places are images that cannot be read; the report says why.</p>`}
    ${pages > 1 && html`<div class="pager">
      <${Button} onClick=${() => toPage(at - 1)} disabled=${at === 1}>← Before<//>
      <${NumberField} label=${`Page of ${pages.toLocaleString("en")}`} value=${at} min=${1} max=${pages} onChange=${(wanted) => toPage(Math.round(wanted))} />
      <${Button} onClick=${() => toPage(at + 1)} disabled=${at === pages}>Next →<//>
    </div>`}</div>`;
}

function title(image, about) {
  const label = image.label === null || image.label === undefined ? "" : `, ${about.class_names[image.label] ?? `class ${image.label}`}`;
  return `${image.name}${label}${image.broken ? " (cannot be read)" : ""}`;
}
