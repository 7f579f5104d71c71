// What the layers hand on: each layer as one picture in colours, its channels one by one.
import { html } from "./html.js";
import { Problem } from "./ui.js";
import { Sheet } from "./data-sheet.js";
import { Shown, insideAddress, number, size, useKept } from "./inside-parts.js";

export function Features({ wish, layer, channel, onChoose }) {
  const [answer, error, isOld] = useKept(insideAddress("features", wish));
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<p class="starting" role="status">Looking at the layers…</p>`;
  const { layers } = answer;
  const here = layers.find((each) => each.name === layer) ?? layers[Math.floor(layers.length / 2)];
  return html`<div><p>A layer hands on a stack of pictures to the next one, its <em>channels</em>. Below, each layer in three colours, coarse at the left:
      places of one colour are alike to it. Choose one to see its channels.</p>
    <div class="strip" aria-busy=${isOld} role="group" aria-label="Layers, from coarse to fine">${layers.map((each) => html`
      <${Shown} key=${each.name} kind="small" src=${each.picture} chosen=${each === here} alt=${`Layer ${each.title}`}
        onClick=${() => onChoose(each.name, null)}><strong>${each.title}</strong><br />${size(each.height, each.width)}<//>`)}</div>
    <${Channels} wish=${wish} layer=${here.name} channel=${channel} onChoose=${(number) => onChoose(here.name, number)} /></div>`;
}

function Channels({ wish, layer, channel, onChoose }) {
  const [answer, error, isOld] = useKept(insideAddress("channels", wish, { layer }));
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<p class="starting" role="status">Looking at the channels…</p>`;
  const chosen = answer.order.includes(channel) ? channel : answer.order[0];
  const rest = answer.total > answer.order.length ? `, of which the ${answer.order.length} that vary most are here` : "";
  return html`<section><h3>${answer.title}: ${answer.total} channels of ${size(answer.height, answer.width)}${rest}</h3>
    <div class="channels">
      <div aria-busy=${isOld || answer.layer !== layer}>
        <${Sheet} address=${answer.sheet} columns=${answer.columns} rows=${answer.rows} height=${answer.height} width=${answer.width} size="tiny"
          label=${`Channels of ${answer.title}`} names=${answer.order.map((each) => `channel ${each}`)}
          chosen=${answer.order.indexOf(chosen)} onChoose=${(place) => onChoose(answer.order[place])} />
        <p class="hint">Those that vary most come first. Gray is a channel's mean; black and white are 2.5 standard deviations away.</p>
      </div>
      <${Channel} wish=${wish} layer=${answer.layer} channel=${chosen} />
    </div></section>`;
}

function Channel({ wish, layer, channel }) {
  const [answer, error, isOld] = useKept(insideAddress("channel", wish, { layer, number: channel }));
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<div></div>`;
  return html`<div class="channel card" aria-busy=${isOld} aria-live="polite">
    <${Shown} src=${answer.picture} alt=${`Channel ${answer.channel} of ${answer.title}`}><strong>${answer.title}, channel ${answer.channel}</strong><//>
    <table><tbody>
      <tr><th scope="row">grid</th><td>${size(answer.height, answer.width)}</td></tr>
      <tr><th scope="row">mean</th><td>${number(answer.mean, 3)}</td></tr>
      <tr><th scope="row">standard deviation</th><td>${number(answer.deviation, 3)}</td></tr>
      <tr><th scope="row">from, to</th><td>${number(answer.lowest, 3)}, ${number(answer.highest, 3)}</td></tr>
    </tbody></table></div>`;
}
