// Which one is real? Two pictures, one of them from a data set; the server knows which, and tells only who has guessed.
import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { modelAddress, postJson, useJson } from "./api.js";
import { Button, Problem, Select, classes } from "./ui.js";
import { NO_SCORE, counted, kept, sentenceOf, store } from "./play-score.js";
import { firstWish, placeOfSeed } from "./wish.js";

const SIDES = ["left", "right"];
const COLOURS = { 1: "gray", 2: "gray with transparency", 3: "colour", 4: "colour with transparency" };

export default function Page({ facts, toPaint }) {
  const [table, error] = useJson(`/api/play/${encodeURIComponent(facts.name)}`);
  return html`<h1>Which one is real?</h1>
    <${Problem} error=${error} />
    ${table && (table.datasets.length ? html`<${Game} facts=${facts} datasets=${table.datasets} toPaint=${toPaint} />`
      : html`<${NoData} facts=${facts} />`)}
    <${Reload} facts=${facts} />`;
}

function NoData({ facts }) {
  const [studio] = useJson("/api/studio");
  const others = studio?.datasets ?? [];
  return html`<div class="card"><p class="lead">A real picture and a painted one, side by side: can you tell them apart?</p>
    <p>${others.length
      ? `None of the data sets served here (${others.join(", ")}) has pictures of ${facts.height}×${facts.width} in ${COLOURS[facts.channels] ?? `${facts.channels} channels`}, as ${facts.name} paints them.`
      : "To play, the studio needs real pictures to show beside the painted ones."} Start it with those that ${facts.name} was trained on:</p>
    <p><code>allaprima studio ${facts.name} --data pictures.zip</code></p></div>`;
}

function Game({ facts, datasets, toPaint }) {
  const [dataset, setDataset] = useState(datasets[0]);
  const [round, setRound] = useState(null);
  const [answer, setAnswer] = useState(null);
  const [said, setSaid] = useState(null);
  const [error, setError] = useState(null);
  const [score, setScore] = useState(() => kept(facts.name, dataset));
  const busy = useRef(false);
  const nextButton = useRef(null);

  const deal = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    try {
      const dealt = await postJson("/api/play", { model: facts.name, dataset });
      setRound(dealt);
      setAnswer(null);
      setSaid(null);
      setError(null);
    } catch (problem) {
      setError(problem);
    } finally {
      busy.current = false;
    }
  }, [facts.name, dataset]);

  const guess = useCallback(async (side) => {
    if (busy.current || !round || answer) return;
    busy.current = true;
    setSaid(side);
    try {
      const told = await postJson(`/api/play/rounds/${round.id}/guess`, { side });
      setAnswer(told);
      setScore((before) => store(facts.name, dataset, counted(before, told.is_right)));
    } catch (problem) {
      setError(problem);
      setRound(null);
    } finally {
      busy.current = false;
    }
  }, [round, answer, facts.name, dataset]);

  useEffect(() => { setScore(kept(facts.name, dataset)); deal(); }, [deal]);
  // In the same breath as the answer is shown: a quick player must not guess, or press Enter, before the page knows of it.
  useLayoutEffect(() => { if (answer) nextButton.current?.focus({ preventScroll: true }); }, [answer]);
  useLayoutEffect(() => {
    const press = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName)) return;
      const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
      if (!side) return;
      event.preventDefault();
      guess(side);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [guess]);

  const again = () => { setScore(store(facts.name, dataset, NO_SCORE)); };
  return html`<p class="lead">One is a picture from <strong>${dataset}</strong>; the other one was painted by <strong>${facts.name}</strong> a moment ago. Choose the real one.</p>
    ${datasets.length > 1 && html`<${Select} label="Real pictures from" value=${dataset} options=${datasets} onChange=${setDataset} />`}
    <${Problem} error=${error} />
    <div class="duel">${SIDES.map((side) => html`<${Candidate} side=${side} round=${round} facts=${facts} answer=${answer} said=${said} onGuess=${guess} />`)}</div>
    <div class="verdict">
      <p role="status" class=${classes("verdict-words", answer && (answer.is_right ? "good" : "bad"))}>${words(round, answer, said)}</p>
      <div class="row">${answer || !round
        ? html`<button type="button" ref=${nextButton} class="button main" onClick=${deal}>${round ? "Next two" : "Deal two pictures"}</button>`
        : html`<span class="hint">Click a picture, or press <kbd>←</kbd> or <kbd>→</kbd></span>`}
        ${answer && html`<${Button} onClick=${() => toPaint(wishOf(answer, facts))}>Paint with the painted one<//>`}</div>
    </div>
    <${Score} score=${score} onAgain=${again} />`;
}

function Candidate({ side, round, facts, answer, said, onGuess }) {
  const kind = answer && (answer.real === side ? "real" : "painted");
  const name = { left: "Left", right: "Right" }[side];
  return html`<button type="button" class=${classes("candidate", kind, said === side && "guessed")} disabled=${!round}
      aria-disabled=${answer ? "true" : undefined} onClick=${() => onGuess(side)} aria-label=${kind ? `${name} picture: ${kind}` : `${name} picture: this one is real`}>
    <span class="frame" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }}>
      ${round && html`<img key=${round.id} class=${classes("picture", facts.height <= 128 && "pixels")} src=${`/api/play/rounds/${round.id}/${side}`}
        alt="" width=${facts.width} height=${facts.height} />`}</span>
    <span class="tag">${kind ?? "\u00a0"}</span>
  </button>`;
}

function Score({ score, onAgain }) {
  const boxes = [["right", `${score.right} of ${score.rounds}`], ["in a row", score.streak], ["best row", score.best]];
  return html`<section class="card score" aria-label="Score"><dl>${boxes.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <p>${sentenceOf(score)}</p>
    ${score.rounds > 0 && html`<${Button} kind="small" onClick=${onAgain}>Begin again at nought<//>`}</section>`;
}

function Reload({ facts }) {
  const fields = new URLSearchParams({ model: facts.name });
  const code = `${location.origin}/random.png?${fields}`;
  return html`<section class="card reload"><h2>A picture on each reload</h2>
    <p><a href=${`/random?${fields}`}>This page</a> shows a picture that nobody has seen before, every time that it is loaded; it works without scripts too. For programs, and as the picture of another page:</p>
    <p class="scroll-x"><code>${code}</code></p>
    <p class="hint">With <code>&seed=7</code> it is always the same one; <code>&truncation=0.6</code> is more careful${facts.classes.length > 0 && html`, <code>&class=0</code> is a ${facts.classes[0]}`}.
      All that programs can ask for is in <a href="/api/openapi.json">the OpenAPI description</a>; one picture by seed: <code>${modelAddress(facts.name)}/picture?seed=7</code></p></section>`;
}

const words = (round, answer, said) => {
  if (!answer) return round ? " " : "One moment…";
  return answer.is_right ? `Right: the ${said} one is real.` : `No: the real one is on the ${answer.real}.`;
};

const wishOf = (answer, facts) => ({
  ...firstWish(facts),
  at: placeOfSeed(answer.seed, facts.map_stride),
  truncation: answer.truncation,
  ...(answer.class === null ? {} : { classes: { [answer.class]: 1 } }),
});
