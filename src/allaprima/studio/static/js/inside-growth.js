// The picture as the sum of what its resolutions paint.
import { html, useEffect, useState } from "./html.js";
import { Button, Problem } from "./ui.js";
import { Shown, insideAddress, number, size, useKept } from "./inside-parts.js";

const BEAT = 650; // milliseconds for each resolution

export function Growth({ wish }) {
  const [answer, error, isOld] = useKept(insideAddress("growth", wish));
  const [chosen, setChosen] = useState(null);
  const [plays, setPlays] = useState(false);
  const count = answer?.steps.length ?? 0;
  const at = Math.min(chosen ?? count - 1, count - 1);
  useEffect(() => {
    if (!plays || !count) return undefined;
    const timer = setTimeout(() => (at + 1 < count ? setChosen(at + 1) : setPlays(false)), BEAT);
    return () => clearTimeout(timer);
  }, [plays, at, count]);
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<p class="starting" role="status">Taking the picture apart…</p>`;
  if (!count) return html`<p>${answer.text}</p>`;
  const step = answer.steps[at];
  const grid = size(step.height, step.width);
  const choose = (index) => { setPlays(false); setChosen(index); };
  const play = () => { setChosen(0); setPlays(true); };
  return html`<div><p>${answer.text}</p>
    <div class="row growth-line">
      <${Button} kind="main" onClick=${plays ? () => setPlays(false) : play}>${plays ? "Stop" : "Watch it grow"}<//>
      <label class="growth-slider"><span>Up to ${grid}</span>
        <input type="range" min="0" max=${count - 1} step="1" value=${at} aria-valuetext=${`up to ${grid}`}
          onInput=${(event) => choose(Number(event.target.value))} /></label>
    </div>
    <div class="pair" aria-busy=${isOld}>
      <${Shown} src=${step.sum} alt=${`The picture up to ${grid}`}>The picture <strong>up to ${grid}</strong><//>
      <${Shown} src=${step.part.picture} alt=${`What ${grid} adds`}>What <strong>${grid} ${answer.kind === "sum" ? "adds" : "changes"}</strong>:
        gray is nothing, white and black are ±${number(step.part.most)} (a picture goes from −1 to 1)<//>
      ${step.alpha && html`<${Shown} src=${step.alpha.picture} alt=${`How ${grid} changes the opacity`}>… and <strong>to the opacity</strong>:
        what is lighter becomes more opaque, ±${number(step.alpha.most)}<//>`}
    </div>
    <h3>The picture so far</h3>
    <div class="strip">${answer.steps.map((each, index) => html`<${Shown} key=${index} kind="small" src=${each.sum} chosen=${index === at}
      alt=${`Up to ${size(each.height, each.width)}`} onClick=${() => choose(index)}>${size(each.height, each.width)}<//>`)}</div>
    <h3>What each step ${answer.kind === "sum" ? "adds" : "changes"}</h3>
    <div class="strip">${answer.steps.map((each, index) => html`<${Shown} key=${index} kind="small" src=${each.part.picture} chosen=${index === at}
      alt=${`What ${size(each.height, each.width)} adds`} onClick=${() => choose(index)}>${number(each.loudness)}<//>`)}</div>
    <p class="hint">Each is stretched to full contrast. The number is how much it adds on average, where a picture goes from −1 to 1.</p></div>`;
}
