// Talking to the server. Whatever goes wrong is an Error whose message is one sentence for a person.
import { useEffect, useState } from "./html.js";

async function checked(response) {
  if (response.ok) return response;
  let sentence = `the studio answered ${response.status}`;
  try {
    sentence = (await response.json()).detail ?? sentence;
  } catch { /* no JSON: the status must do */ }
  throw Object.assign(new Error(sentence), { status: response.status });
}

async function ask(address, options) {
  try {
    return await checked(await fetch(address, options));
  } catch (error) {
    if (error instanceof TypeError) throw new Error("the studio does not answer: is it still running?");
    throw error;
  }
}

const asJson = (method, content) => ({
  method,
  headers: { "content-type": "application/json" },
  body: content === undefined ? undefined : JSON.stringify(content),
});

export const getJson = async (address, options) => (await ask(address, options)).json();
export const getBlob = async (address) => (await ask(address)).blob();
export const postJson = async (address, content) => (await ask(address, asJson("POST", content))).json();
export const postForBlob = async (address, content, options) =>
  (await ask(address, { ...asJson("POST", content), ...options })).blob();
export const remove = async (address) => void (await ask(address, { method: "DELETE" }));

// Send a file as it is: the body is its bytes.
export const upload = async (address, file) =>
  (await ask(address, {
    method: "POST", headers: { "content-type": "application/octet-stream" }, body: file,
  })).json();

export const modelAddress = (model) => `/api/models/${encodeURIComponent(model)}`;
// One picture of a seed; browsers keep it as long as the model is the same.
export const pictureAddress = (facts, fields) =>
  `${modelAddress(facts.name)}/picture?${new URLSearchParams({ ...fields, version: facts.version })}`;
export const fileAddress = (job, name, version = "") =>
  `/api/jobs/${job.id}/files/${encodeURIComponent(name)}${version === "" ? "" : `?v=${version}`}`;

// [answer, error]; asks again whenever the address changes. Nothing is asked for without an address.
export function useJson(address) {
  const [state, setState] = useState({ address: null, answer: null, error: null });
  useEffect(() => {
    if (!address) return undefined;
    const control = new AbortController();
    getJson(address, { signal: control.signal }).then(
      (answer) => setState({ address, answer, error: null }),
      (error) => control.signal.aborted || setState({ address, answer: null, error }),
    );
    return () => control.abort();
  }, [address]);
  return state.address === address ? [state.answer, state.error] : [null, null];
}

const BETWEEN = 400; // milliseconds

export const isOver = (job) => ["done", "failed", "stopped"].includes(job?.state);

// A long work, asked about until it is over: [job, error].
export function useJob(id) {
  const [state, setState] = useState({ id: null, job: null, error: null });
  useEffect(() => {
    if (!id) return undefined;
    let timer = 0;
    let gone = false;
    const look = async () => {
      try {
        const job = await getJson(`/api/jobs/${id}`);
        if (gone) return;
        setState({ id, job, error: null });
        if (!isOver(job)) timer = setTimeout(look, BETWEEN);
      } catch (error) {
        if (gone) return;
        setState((before) => ({ id, job: before.id === id ? before.job : null, error }));
        if (error.status !== 404) timer = setTimeout(look, 4 * BETWEEN);
      }
    };
    look();
    return () => { gone = true; clearTimeout(timer); };
  }, [id]);
  return state.id === id ? [state.job, state.error] : [null, null];
}
