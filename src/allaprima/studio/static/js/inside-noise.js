// What is left to chance, and what truncation does.
import { html } from "./html.js";
import { Choice, Problem } from "./ui.js";
import { Shown, insideAddress, number, useKept } from "./inside-parts.js";

const ALL = "";

export function NoiseSection({ wish, layer, onChoose }) {
  const [answer, error, isOld] = useKept(insideAddress("noise", wish, layer ? { layer } : {}));
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<p class="starting" role="status">Drawing noise…</p>`;
  if (!answer.deviation) return html`<p>${answer.text}</p>`;
  const { own, without, other } = answer.pictures;
  return html`<div><p>Each layer adds random numbers to what it hands on: the model can leave to chance what need not be settled, such as where each
      hair or grain lies. The picture's seed stays; only the noise changes.</p>
    ${answer.layers.length > 0 && html`<${Choice} label="Noise of" value=${answer.layer ?? ALL} onChange=${onChoose}
      options=${[[ALL, "all layers"], ...answer.layers.map((each) => [each.name, each.title])]} />`}
    <div class="four" aria-busy=${isOld}>
      <${Shown} src=${own} alt="The picture with the model's own noise">With the model's <strong>own</strong> noise<//>
      <${Shown} src=${without} alt="The picture without noise"><strong>Without</strong> noise<//>
      <${Shown} src=${other} alt="The picture with other noise">With <strong>other</strong> noise<//>
      <${Shown} src=${answer.deviation} alt="Map of how much noise moves each pixel"><strong>Where</strong> noise moves pixels: yellow is
        ${" "}${number(answer.most)} levels of 255, over ${answer.draws} draws<//>
    </div>
    <p><strong>${answer.text}</strong></p></div>`;
}

export function TruncationSection({ wish, onChange }) {
  const [answer, error, isOld] = useKept(insideAddress("truncation", wish));
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<p class="starting" role="status">Painting from 0 to 1.2…</p>`;
  const nearest = answer.steps.reduce((best, each) =>
    (Math.abs(each.psi - wish.truncation) < Math.abs(best.psi - wish.truncation) ? each : best));
  const zero = answer.has_mean ? "At 0 stands the mean of all its pictures, the same for every seed; at 1 the seed's own picture."
    : "At 0 stands what it makes of the latent 0, the same for every seed: this model has no mean style, so it may be no picture at all.";
  return html`<div><p>Truncation (ψ) draws a picture towards what is usual for this model. ${zero} Less than 1 is safer and plainer; more is bolder, and
      breaks more often. Choose one to go on with it.</p>
    <div class="strip wide" aria-busy=${isOld}>${answer.steps.map((each) => html`<${Shown} key=${each.psi} src=${each.picture} chosen=${each === nearest}
      alt=${`The picture at truncation ${each.psi}`} onClick=${() => onChange(each.psi)}>ψ = ${each.psi}<//>`)}</div></div>`;
}
