// A grid of mixed pictures: each has some layers from the seed above it, and all others from the picture on its left.
import { html, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { postForBlob } from "./api.js";
import { asOrder, describe, firstWish, isSeed, placeOfSeed, randomSeed, seedOfPlace } from "./wish.js";
import { Button, Choice, Panel, Picture, Problem, Select, Slider, Toggle } from "./ui.js";
import { Tray, useTray } from "./tray.js";
import { readMix, writeMix } from "./mix-address.js";
import { usePictures } from "./mix-pictures.js";
import { SourceHead } from "./mix-source.js";

const MOST = 8; // rows, and columns

const DEPTHS = {
  coarse: ["Coarse", "Coarse layers hold pose and shape."],
  middle: ["Middle", "Middle layers hold features, such as eyes and parts."],
  fine: ["Fine", "Fine layers hold colours and texture."],
};

export default function Page(props) {
  return html`<${Mix} key=${props.address} ...${props} />`;
}

function Mix({ facts, address, toPaint }) {
  const depths = useMemo(() => [...new Set(facts.layers.map((layer) => layer.depth))], [facts]);
  const [state, setState] = useState(() => readMix(address, facts, depths));
  const [adding, setAdding] = useState("row");
  const items = useTray();
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState(null);
  const change = (part) => setState((before) => ({ ...before, ...part }));
  useLayoutEffect(() => history.replaceState(null, "", `#/mix?${writeMix(state, facts)}`), [state]);

  const layers = layersOf(state, facts);
  const rows = state.rows.map((row) => wishOf(row, state, facts));
  const columns = state.columns.map((seed) => wishOf(seed, state, facts));
  const cells = rows.map((row) => state.columns.map((seed) => ({ ...row, mix: layers.length ? [...row.mix, { seed, layers }] : row.mix })));
  const { picture, error } = usePictures(facts.layers.length > 1 ? [[...columns], ...rows.map((row, index) => [row, ...cells[index]])] : []);

  if (facts.layers.length < 2) {
    return html`<div class="mix-page"><h1>Mix styles</h1>
      <p class="problem">${facts.name} paints all its layers in one style, so there is nothing to mix in it. Choose another model above.</p></div>`;
  }

  const alter = (which, index, value) => change({ [which]: state[which].map((old, other) => (other === index ? value : old)) });
  const drop = (which, index) => change({ [which]: state[which].filter((_, other) => other !== index) });
  const add = (which, value) => state[which].length < MOST && change({ [which]: [...state[which], value] });
  const shuffle = () => change({
    rows: state.rows.map(() => randomSeed()), columns: state.columns.map(() => randomSeed()),
  });
  const fromTray = (index) => {
    const { wish } = items[index];
    setProblem(null);
    if (state[`${adding}s`].length >= MOST) setProblem(new Error(`There are ${MOST} ${adding}s already: remove one first.`));
    else if (adding === "row") add("rows", wish);
    else if (isSeed(wish) && !wish.found) add("columns", seedOfPlace(wish.at, facts.map_stride));
    else setProblem(new Error("A column takes the style of one whole seed, and this picture lies between seeds: take it as a row."));
  };
  const save = async () => {
    setSaving(true);
    setProblem(null);
    try {
      const order = {
        model: facts.name, columns: state.columns, layers, truncation: state.truncation, classes: state.classes,
        rows: state.rows.map((row) => (typeof row === "number" ? row : asOrder(row))),
      };
      saveAs(await postForBlob("/api/mix", order), `mix-${facts.name}.png`);
    } catch (error) {
      setProblem(error);
    }
    setSaving(false);
  };
  const head = (which, index, source, wish) => html`<${SourceHead} facts=${facts} which=${which} index=${index} source=${source}
    picture=${picture(wish)} wish=${wish} onChange=${(value) => alter(`${which}s`, index, value)} onPaint=${() => toPaint(wish)}
    onRemove=${state[`${which}s`].length > 1 ? () => drop(`${which}s`, index) : null} />`;

  return html`<div class="mix-page">
    <div class="mix-intro"><h1>Mix styles</h1>
      <p class="lead">Each picture in the middle takes its <strong>${wordsOf(state, layers, facts)}</strong> layers from the seed above it, and
        all others from the picture on its left. Click one to paint on with it.</p></div>
    <div class="mix-board">
      <div class="scroll-x"><table class="mix-grid" aria-label="Mixed pictures">
        <thead><tr><td class="mix-corner"><span aria-hidden="true">some layers →<br />all others ↓</span></td>
          ${state.columns.map((seed, index) => html`<th scope="col">${head("column", index, seed, columns[index])}</th>`)}
          <td class="mix-add">${state.columns.length < MOST && html`<${Button} kind="small" onClick=${() => add("columns", randomSeed())}
            aria-label="Add a column" title="Add a column">+<//>`}</td></tr></thead>
        <tbody>${cells.map((line, row) => html`<tr>
          <th scope="row">${head("row", row, state.rows[row], rows[row])}</th>
          ${line.map((wish) => html`<td><${Cell} facts=${facts} wish=${wish} src=${picture(wish)} onOpen=${() => toPaint(wish)} /></td>`)}
          <td></td></tr>`)}
          <tr><th class="mix-add">${state.rows.length < MOST && html`<${Button} kind="small" onClick=${() => add("rows", randomSeed())}
            aria-label="Add a row" title="Add a row">+<//>`}</th></tr></tbody>
      </table></div>
      <${Problem} error=${error ?? problem} />
    </div>
    <div class="mix-side">
      <div class="row"><${Button} kind="main" onClick=${shuffle}>Other seeds<//>
        <${Button} onClick=${save} disabled=${saving}>${saving ? "Saving…" : "Save the sheet"}<//></div>
      <${Panel} title="Taken from above">
        <${Choice} label="Layers" value=${state.depth} onChange=${(depth) => change({ depth, layers: depth === "chosen" ? layers : state.layers })}
          options=${[...depths.map((depth) => [depth, DEPTHS[depth][0]]), ["chosen", "Choose…"]]} />
        ${state.depth !== "chosen" && html`<p class="hint">${DEPTHS[state.depth][1]}</p>`}
        ${state.depth === "chosen" && html`<div class="mix-layers" role="group" aria-label="Layers that are taken from above">
          ${facts.layers.map((layer, number) => html`<${Toggle} label=${`${layer.name} (${layer.depth})`} value=${state.layers.includes(number)}
            onChange=${(on) => change({ layers: on ? [...state.layers, number].sort((a, b) => a - b) : state.layers.filter((each) => each !== number) })} />`)}</div>`}
      <//>
      <${Panel} title="All seeds">
        <${Slider} label="Truncation" value=${state.truncation} min=${0} max=${1.5} usual=${0.8} onChange=${(truncation) => change({ truncation })}
          hint="Lower: more usual. Higher: more daring." />
        ${facts.classes.length > 0 && html`<${Select} label="Class" value=${Object.keys(state.classes)[0]}
          options=${facts.classes.map((name, number) => [number, name])} onChange=${(number) => change({ classes: { [number]: 1 } })} />`}
      <//>
      <${Panel} title="From the tray" hint="Pictures that you kept can give a row or a column." open=${items.some((item) => item.wish.model === facts.name)}>
        <${Choice} label="Take as" value=${adding} onChange=${setAdding} options=${[["row", "Row"], ["column", "Column"]]} />
        <${Tray} model=${facts.name} onChoose=${fromTray} />
      <//>
    </div>
  </div>`;
}

function Cell({ facts, wish, src, onOpen }) {
  const last = useRef(null);
  if (src) last.current = src;
  const alt = describe(wish, facts);
  return last.current
    ? html`<div class=${src ? "" : "mix-old"}><${Picture} src=${last.current} alt=${alt} height=${facts.height} width=${facts.width} onClick=${onOpen} title="Open on the Paint page" /></div>`
    : html`<div class="mix-blank" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }} aria-hidden="true"></div>`;
}

export const layersOf = (state, facts) => (state.depth === "chosen" ? state.layers
  : facts.layers.flatMap((layer, number) => (layer.depth === state.depth ? [number] : [])));

const wordsOf = (state, layers, facts) => {
  if (state.depth !== "chosen") return state.depth;
  if (!layers.length) return "no";
  return layers.length > 3 ? `${layers.length} chosen` : layers.map((number) => facts.layers[number].name).join(", ");
};

// A seed becomes the picture that the page's truncation and class make of it; a picture of the tray stays as it is.
const wishOf = (source, state, facts) => (typeof source === "number"
  ? { ...firstWish(facts), at: placeOfSeed(source, facts.map_stride), truncation: state.truncation, classes: state.classes } : source);

function saveAs(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
