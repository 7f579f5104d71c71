// The pieces that pages are made of.
import { html, useEffect, useId, useRef, useState } from "./html.js";
import { fileAddress, isOver, postJson } from "./api.js";

export const classes = (...names) => names.filter(Boolean).join(" ");

export function Panel({ title, hint, open = true, children, id }) {
  return html`<details class="panel" open=${open} id=${id}>
    <summary>${title}</summary>
    ${hint && html`<p class="hint">${hint}</p>`}
    ${children}
  </details>`;
}

export function Button({ kind = "", onClick, disabled, title, children, type = "button", ...rest }) {
  return html`<button type=${type} class=${classes("button", kind)} onClick=${onClick} disabled=${disabled}
    title=${title} ...${rest}>${children}</button>`;
}

// A slider with its number beside it; a double click gives back the usual value.
export function Slider({ label, value, min, max, step = 0.01, usual, onChange, hint, format = (v) => String(Math.round(v * 100) / 100) }) {
  const id = useId();
  const change = (event) => onChange(Number(event.target.value));
  return html`<div class="field slider">
    <label for=${id}>${label}</label>
    <input id=${id} type="range" min=${min} max=${max} step=${step} value=${value} onInput=${change}
      onDblClick=${() => usual !== undefined && onChange(usual)} aria-valuetext=${format(value)}
      title=${usual === undefined ? "" : "double click: back to the usual"} />
    <output for=${id}>${format(value)}</output>
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}

// What is being typed stays until it is sent off: a page that is drawn again meanwhile must not take it back.
export function useDraft(value) {
  const [draft, setDraft] = useState(null);
  return [draft ?? value, { onInput: (event) => setDraft(event.target.value), onBlur: () => setDraft(null) }, () => setDraft(null)];
}

export function NumberField({ label, value, min, max, step = 1, onChange, hint }) {
  const id = useId();
  const [shown, typing, done] = useDraft(value);
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} type="number" inputmode="decimal" min=${min} max=${max} step=${step} value=${shown} ...${typing}
      onChange=${(event) => {
        done();
        const wanted = Number(event.target.value);
        if (event.target.value === "" || !Number.isFinite(wanted)) { event.target.value = value; return; }
        onChange(Math.min(max ?? Infinity, Math.max(min ?? -Infinity, wanted)));
      }} />
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}

export function TextField({ label, value, onChange, hint, placeholder }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} type="text" value=${value} placeholder=${placeholder} autocomplete="off"
      onInput=${(event) => onChange(event.target.value)} />
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}

// options: names, or pairs of value and name
export function Select({ label, value, options, onChange, hint }) {
  const id = useId();
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${pairs.map(([key, name]) => html`<option value=${key} selected=${String(key) === String(value)}>${name}</option>`)}
    </select>
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}

export function Toggle({ label, value, onChange }) {
  return html`<label class="toggle"><input type="checkbox" checked=${value}
    onChange=${(event) => onChange(event.target.checked)} /> <span>${label}</span></label>`;
}

// One of a few, side by side. options: pairs of value and name
export function Choice({ label, value, options, onChange }) {
  const name = useId();
  return html`<fieldset class="choice"><legend>${label}</legend>
    ${options.map(([key, text]) => html`<label class=${classes(key === value && "chosen")}>
      <input type="radio" name=${name} checked=${key === value} onChange=${() => onChange(key)} /> ${text}</label>`)}
  </fieldset>`;
}

export function Problem({ error }) {
  return error ? html`<p class="problem" role="alert">${sentence(error)}</p>` : null;
}

export const sentence = (error) => {
  const text = error?.message ?? String(error);
  return text ? `${text[0].toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}` : "";
};

// A picture that shows its pixels: small ones are enlarged without blur.
export function Picture({ src, alt, height, width, onClick, title }) {
  const image = html`<img class=${classes("picture", height <= 128 && "pixels")} src=${src} alt=${alt} width=${width}
    height=${height} loading="lazy" decoding="async" title=${title} />`;
  return onClick ? html`<button type="button" class="picture-button" onClick=${onClick} title=${title}>${image}</button>` : image;
}

// Files are dropped here, pasted, or chosen. accept: as of an <input type=file>
export function DropZone({ accept, onFile, children }) {
  const [over, setOver] = useState(false);
  const input = useRef(null);
  useEffect(() => {
    const paste = (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (file) { event.preventDefault(); onFile(file); }
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, [onFile]);
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) onFile(file);
  };
  return html`<div class=${classes("drop", over && "over")} onDragOver=${(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave=${() => setOver(false)} onDrop=${drop}>
    ${children}
    <input ref=${input} type="file" class="hidden" accept=${accept} aria-label="Choose a file" tabindex="-1"
      onChange=${(event) => { if (event.target.files[0]) onFile(event.target.files[0]); event.target.value = ""; }} />
    <${Button} onClick=${() => input.current.click()}>Choose a file…<//>
  </div>`;
}

const clock = (seconds) => seconds < 60 ? `${Math.ceil(seconds)} s` : seconds < 3600 ? `${Math.ceil(seconds / 60)} min`
  : `${(seconds / 3600).toFixed(1)} h`;

// How a long work stands, with what can be done about it.
export function JobProgress({ job, onStopped }) {
  const [error, setError] = useState(null);
  if (!job) return null;
  const { done, total, note } = job.step ?? {};
  const share = total ? done / total : null;
  const passed = job.started ? Date.now() / 1000 - job.started : 0;
  const left = job.state === "running" && share > 0.02 && passed > 2 ? `, ${clock(passed / share - passed)} left` : "";
  const words = { waiting: "waiting for its turn", running: "at work", done: "done", failed: "failed", stopped: "stopped" };
  return html`<div class="job" role="status">
    <div class="job-line"><strong>${job.title}</strong> <span>${note ?? words[job.state]}${total && !isOver(job) ? ` ${done} of ${total}` : ""}${left}</span>
      ${!isOver(job) && html`<${Button} kind="small" onClick=${() => postJson(`/api/jobs/${job.id}/stop`).then(onStopped, setError)}>Stop<//>`}</div>
    ${!isOver(job) && html`<progress max="1" value=${share ?? undefined} aria-label=${job.title}></progress>`}
    ${job.sentence && html`<p class=${job.state === "failed" ? "problem" : "hint"}>${sentence(job.sentence)}</p>`}
    <${Problem} error=${error} />
  </div>`;
}

// What a work has made: links to save its files.
export function Downloads({ job, names }) {
  const files = (names ?? job.files).filter((name) => job.files.includes(name));
  if (!files.length) return null;
  return html`<p class="downloads">${files.map((name) => html`<a class="button" href=${fileAddress(job, name)} download=${name}>Save ${name}</a>`)}</p>`;
}
