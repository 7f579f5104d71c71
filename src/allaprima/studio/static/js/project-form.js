// The picture is chosen, and shown as the model could have painted it; then the search is ordered.
import { html, useCallback, useEffect, useState } from "./html.js";
import { getBlob, postForBlob, upload } from "./api.js";
import { Button, Choice, DropZone, Picture, Problem, Select, sentence } from "./ui.js";
import { asOrder, firstWish, randomSeed } from "./wish.js";

const QUALITIES = {
  quick: ["Quick", "100 steps: the gist of it."],
  good: ["Good", "300 steps: as near as most pictures get."],
  best: ["Best", "1,000 steps, for those who can wait."],
};
const SPACES = {
  "w+": ["Nearer", "Each layer gets a style of its own: nearer to your picture, and a little apart from what the model paints by itself."],
  w: ["Truer to the model", "One style for all layers: less like your picture, more like the model's own, and easier to change."],
};
const FITS = [["crop", "Its middle"], ["pad", "All of it"]];

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

function useFitted(file, model, fit) {
  const [state, setState] = useState({});
  const key = file && `${model} ${fit}`;
  useEffect(() => {
    if (!file) return undefined;
    let gone = false;
    upload(`/api/project/fit?${new URLSearchParams({ model, fit })}`, file).then(
      (answer) => gone || setState({ file, key, answer }),
      (error) => gone || setState({ file, key, error }),
    );
    return () => { gone = true; };
  }, [file, key]);
  const isMine = state.file === file;
  return { answer: isMine ? state.answer : null, error: isMine && state.key === key ? state.error : null, isNew: isMine && state.key === key };
}

// Of an address such as data=flowers&index=7, which the page Data gives: an image of a data set.
const imageOf = (address) => {
  const fields = new URLSearchParams(address);
  const [data, index] = [fields.get("data"), fields.get("index")];
  return data && /^\d{1,9}$/.test(index ?? "") ? `/api/datasets/${encodeURIComponent(data)}/image/${index}` : null;
};

export function ProjectForm({ studio, facts, address, onOrdered }) {
  const [file, setFile] = useState(null);
  const [own, setOwn] = useState(null); // address of the picture itself
  const [choice, setChoice] = useState({ quality: "good", space: "w+", fit: "crop", class: "" });
  const [problem, setProblem] = useState(null);
  const [asking, setAsking] = useState(false);
  const { answer, error, isNew } = useFitted(file, facts.name, choice.fit);
  const change = (part) => setChoice((before) => ({ ...before, ...part }));
  useEffect(() => {
    if (!file) { setOwn(null); return undefined; }
    const address = URL.createObjectURL(file);
    setOwn(address);
    return () => URL.revokeObjectURL(address);
  }, [file]);

  const take = useCallback((given) => {
    setProblem(null);
    if (given.size <= studio.limits.upload) setFile(given);
    else setProblem(new Error(`This file has ${megabytes(given.size)}: at most ${megabytes(studio.limits.upload)} are taken`));
  }, [studio]);
  const image = imageOf(address);
  useEffect(() => {
    if (!image) return;
    getBlob(image).then(take, setProblem);
  }, [image]);
  const takePainted = async () => {
    setProblem(null);
    try {
      take(await postForBlob("/api/picture", asOrder(firstWish(facts, randomSeed()))));
    } catch (bad) {
      setProblem(bad);
    }
  };
  const order = async () => {
    setAsking(true);
    setProblem(null);
    const fields = new URLSearchParams({ model: facts.name, quality: choice.quality, space: choice.space, fit: choice.fit });
    if (choice.class !== "") fields.set("class", choice.class);
    try {
      onOrdered(await upload(`/api/project?${fields}`, file));
    } catch (bad) {
      setProblem(bad);
      setAsking(false);
    }
  };

  if (facts.channels > 4) {
    return html`<p class="problem">${facts.name} paints ${facts.channels} channels: pictures have at most 4, so none can be looked for in it.</p>`;
  }
  if (!file || (error && !answer)) {
    return html`<${DropZone} accept="image/*" onFile=${take}><p class="project-invite">Drop a picture here, or paste one.</p><//>
      <p class="hint">None at hand? <${Button} kind="small" onClick=${takePainted}>Take one that the model painted<//></p>
      <${Problem} error=${problem ?? (file ? error : null)} />
      <ol class="project-steps">
        <li><h2>You give a picture</h2><p>A photo, a drawing, anything. It is brought to the size that the model paints.</p></li>
        <li><h2>The studio searches</h2><p>It paints, compares, and comes nearer, step by step, while you watch. Stop whenever it is near enough.</p></li>
        <li><h2>You paint on</h2><p>What was found is a picture like any other here: mix it, push it along directions, walk from it.</p></li>
      </ol>`;
  }
  const notes = (answer?.notes ?? []).filter((note) => note.startsWith("converted")); // its size and part are seen
  return html`<div class="project-form">
    <div class="project-pair">
      <figure><img class="picture project-own" src=${own} alt="Your picture" /><figcaption>Your picture${answer ? `, ${answer.width} × ${answer.height}` : ""}</figcaption></figure>
      <figure>${answer ? html`<div class=${isNew ? "" : "project-old"}><${Picture} src=${`data:image/png;base64,${answer.image}`} alt="Your picture as the model could have painted it"
          height=${facts.height} width=${facts.width} /></div>` : html`<div class="project-blank" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }}></div>`}
        <figcaption>What is looked for, ${facts.width} × ${facts.height}</figcaption></figure>
      ${notes.length > 0 && html`<p class="hint project-notes">${notes.map(sentence).join(" ")}</p>`}
      <${Button} kind="small" onClick=${() => setFile(null)}>Another picture<//>
    </div>
    <div class="project-choices">
      <${Choice} label="Which part" value=${choice.fit} options=${FITS} onChange=${(fit) => change({ fit })} />
      <${Choice} label="Effort" value=${choice.quality} options=${Object.entries(QUALITIES).map(([key, [name]]) => [key, name])} onChange=${(quality) => change({ quality })} />
      <p class="hint">${QUALITIES[choice.quality][1]}</p>
      ${facts.layers.length > 1 && html`<${Choice} label="Aim" value=${choice.space} options=${Object.entries(SPACES).map(([key, [name]]) => [key, name])} onChange=${(space) => change({ space })} />
        <p class="hint">${SPACES[choice.space][1]}</p>`}
      ${facts.classes.length > 0 && html`<${Select} label="Class to start in" value=${choice.class} options=${[["", "any"], ...facts.classes.map((name, number) => [number, name])]}
        onChange=${(value) => change({ class: value })} />`}
      ${!facts.has_judge && html`<p class="hint">This model came without its discriminator: distances are measured by colours and edges alone.</p>`}
      <${Button} kind="main" onClick=${order} disabled=${asking || !answer || !isNew || Boolean(error)}>${asking ? "Sending…" : "Find it"}<//>
      <${Problem} error=${problem ?? error} />
    </div>
  </div>`;
}
