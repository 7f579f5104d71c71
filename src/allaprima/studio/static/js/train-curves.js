// Which curves are shown of a training, and what each of them says.
import { html, useState } from "./html.js";
import { Slider, Toggle } from "./ui.js";
import { Chart } from "./train-chart.js";

const REAL = "train-tone-real";
const FAKE = "train-tone-fake";
const HELD = "train-tone-held";
const PLAIN = "train-tone-plain";

const CHARTS = [
  { title: "What the discriminator thinks", hint: "Its scores. Higher is “this looks real”. Images that it never trained on should score like those that it did.",
    lines: [["Loss/scores/real", "real", REAL], ["Loss/scores/held_out", "real, never trained on", HELD, true], ["Loss/scores/fake", "painted", FAKE]] },
  { title: "Losses", hint: "What each network wants to make small. They pull against each other: neither goes to zero in a good training.", canLog: true,
    lines: [["Loss/G/loss", "generator", FAKE], ["Loss/D/loss", "discriminator", REAL]] },
  { title: "How sure the discriminator is", hint: "1 or −1: it is right about every image; 0: it guesses.", span: [-1, 1],
    lines: [["Loss/signs/real", "about real ones", REAL], ["Loss/signs/fake", "about painted ones", FAKE]] },
  { title: "Variety", hint: "How much painted images differ from one another, compared with real ones: 1 is as much.", span: [0, 1],
    lines: [["Health/diversity", "variety", PLAIN]] },
  { title: "Augmentation", hint: "How strongly images are altered before the discriminator sees them, so that it cannot learn them by heart.", span: [0],
    lines: [["Progress/augment", "strength p", PLAIN]] },
  { title: "Speed", hint: "Images in a second; it falls while other programs are at work.", span: [0], unit: "/s",
    lines: [["Timing/sec_per_kimg", "images", PLAIN, false, (seconds) => (seconds ? 1000 / seconds : null)]] },
  { title: "Gradients", hint: "How strongly the networks are pushed. A jump by far is a bad sign.", canLog: true,
    lines: [["Gradients/G", "generator", FAKE], ["Gradients/D", "discriminator", REAL]] },
  { title: "Penalty", hint: "How steep the discriminator is around real images; it is kept small.", canLog: true,
    lines: [["Loss/r1_penalty", "R1", REAL], ["Loss/r2_penalty", "R2", FAKE], ["Loss/pl_penalty", "path length", HELD]] },
];

export function Curves({ numbers, metrics, onPick }) {
  const [smoothing, setSmoothing] = useState(0.6);
  const [isLog, setLog] = useState(false);
  const [at, setAt] = useState(null);
  const xs = numbers.columns["Progress/kimg"] ?? [];
  if (!xs.length) return html`<p class="hint">There are no numbers yet: the first come with the first tick.</p>`;
  const has = (name) => numbers.columns[name]?.some((value) => value !== null);
  const charts = CHARTS.map((chart) => ({ ...chart, lines: chart.lines.filter(([name]) => has(name)) })).filter((chart) => chart.lines.length);
  const shared = { smoothing, isLog: false, at, onPoint: setAt, onPick };
  return html`
    <div class="train-controls">
      <${Slider} label="Smoothing" value=${smoothing} min=${0} max=${0.98} step=${0.02} usual=${0.6} onChange=${setSmoothing} />
      <${Toggle} label="Logarithmic, where all is above zero" value=${isLog} onChange=${setLog} />
    </div>
    <div class="train-charts">
      ${charts.map((chart) => html`<${Chart} key=${chart.title} ...${shared} title=${chart.title} hint=${chart.hint} xs=${xs} span=${chart.span} unit=${chart.unit}
        isLog=${isLog && chart.canLog}
        series=${chart.lines.map(([column, name, tone, dashed, change]) => ({
          name, tone, dashed, values: change ? numbers.columns[column].map(change) : numbers.columns[column] }))} />`)}
      ${Object.entries(metrics).map(([name, points]) => html`<${Chart} key=${name} ...${shared} smoothing=${0} title=${name} hint="A metric, measured on snapshots."
        isLog=${isLog} xs=${points.map((point) => point.kimg)} series=${[{ name, tone: PLAIN, values: points.map((point) => point.value) }]} />`)}
    </div>`;
}
