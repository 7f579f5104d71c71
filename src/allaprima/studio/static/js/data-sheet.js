// Many pictures that came as one: each is a part of the sheet, found by its number. And scores as a drawing.
import { html, useEffect, useMemo } from "./html.js";
import { classes } from "./ui.js";

// A picture that came inside an answer, as a short address: long ones would stand in every style.
export function useBlob(address) {
  const blob = useMemo(() => {
    if (!address) return null;
    const bytes = Uint8Array.from(atob(address.slice(address.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
    return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  }, [address]);
  useEffect(() => () => blob && URL.revokeObjectURL(blob), [blob]);
  return blob;
}

const percent = (place, count) => (count > 1 ? `${(100 * place) / (count - 1)}%` : "0");

// Pictures of a sheet as a list of buttons. names: what each is called, for those who cannot see it
export function Sheet({ address, columns, rows, height, width, names, chosen, onChoose, label, size }) {
  const blob = useBlob(address);
  return html`<ul class=${classes("sheet", size)} aria-label=${label}>${names.map((name, number) => html`
    <li key=${number}><button type="button" class="picture-button" aria-label=${name} title=${name}
      aria-pressed=${chosen === undefined ? undefined : String(number === chosen)} onClick=${() => onChoose(number)}>
      <span class="sprite" style=${{
        backgroundImage: `url(${blob})`,
        backgroundSize: `${100 * columns}% ${100 * rows}%`,
        backgroundPosition: `${percent(number % columns, columns)} ${percent(Math.floor(number / columns), rows)}`,
        aspectRatio: `${width} / ${height}`,
      }}></span></button></li>`)}</ul>`;
}

const WIDTH = 720;
const HEIGHT = 190;
const FLOOR = 160;
const KINDS = { reals: "real images", fakes: "pictures of this model" };

function outline(shares, most) {
  const step = WIDTH / shares.length;
  const y = (share) => FLOOR - (share / most) * (FLOOR - 8);
  return `M0 ${FLOOR}${shares.map((share, i) => `L${i * step} ${y(share)}L${(i + 1) * step} ${y(share)}`).join("")}L${WIDTH} ${FLOOR}Z`;
}

function ticks(low, high) {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

// How scores are spread: to the right is what looks real. mark: the score of one picture
export function Histogram({ histogram, mark }) {
  const { low, high, kinds } = histogram;
  const most = Math.max(...kinds.flatMap((each) => each.shares));
  const x = (score) => ((score - low) / (high - low)) * WIDTH;
  const words = kinds.map((each) => `${each.count.toLocaleString("en")} ${KINDS[each.kind]}`);
  const inside = mark !== undefined && mark !== null && mark >= low && mark <= high;
  return html`<figure class="histogram">
    <ul class="legend">${kinds.map((each, i) => html`<li><span class=${`swatch ${each.kind}`}></span>${words[i]}</li>`)}
      ${inside && html`<li><span class="swatch marked"></span>this picture</li>`}</ul>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`Scores from ${low.toFixed(1)} to ${high.toFixed(1)} of ${words.join(" and ")}`}>
      ${ticks(low, high).map((value) => html`<g><line class="tick" x1=${x(value)} x2=${x(value)} y1="4" y2=${FLOOR} />
        <text x=${Math.min(WIDTH - 12, Math.max(12, x(value)))} y=${FLOOR + 20} text-anchor="middle">${String(value).replace("-", "−")}</text></g>`)}
      ${kinds.map((each) => html`<path class=${each.kind} d=${outline(each.shares, most)} />`)}
      <line class="floor" x1="0" x2=${WIDTH} y1=${FLOOR} y2=${FLOOR} />
      ${inside && html`<line class="marked" x1=${x(mark)} x2=${x(mark)} y1="0" y2=${FLOOR} />`}
    </svg>
    <p class="ends"><span>← looks painted to it</span><span>looks real to it →</span></p>
  </figure>`;
}
