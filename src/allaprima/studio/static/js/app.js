// The frame around the pages: which model, which page, light or dark.
import { html, render, useEffect, useState } from "./html.js";
import { getJson, modelAddress, useJson } from "./api.js";
import { Problem, classes } from "./ui.js";
import { toAddress } from "./wish.js";

// Each page is fetched when it is first opened. Its default export gets { studio, facts, address, go, toPaint }.
const PAGES = [
  { id: "paint", name: "Paint", load: () => import("./paint.js") },
  { id: "mix", name: "Mix", load: () => import("./mix.js") },
  { id: "walk", name: "Walk", load: () => import("./walk.js") },
  { id: "project", name: "Project", load: () => import("./project.js") },
  { id: "inside", name: "Look inside", load: () => import("./inside.js") },
  { id: "train", name: "Train", load: () => import("./train.js") },
  { id: "data", name: "Data", load: () => import("./data.js") },
  { id: "play", name: "Play", load: () => import("./play.js") },
  { id: "order", name: "Order", load: () => import("./order.js") },
];
const THEME = "allaprima-theme";

// #/paint?model=emoji-64&at=3,4
function where() {
  const [path, fields = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { page: PAGES.find((page) => page.id === path) ?? PAGES[0], fields };
}

function useWhere() {
  const [now, setNow] = useState(where);
  useEffect(() => {
    const change = () => setNow(where());
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return now;
}

function useTheme() {
  const [theme, setTheme] = useState(() => localStorage.getItem(THEME) ?? "auto");
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME, theme);
  }, [theme]);
  return [theme, setTheme];
}

const THEMES = { auto: ["light", "◐"], light: ["dark", "☀"], dark: ["auto", "☾"] };

function usePage(page) {
  const [state, setState] = useState({ id: null });
  useEffect(() => {
    let gone = false;
    page.load().then(
      (module) => gone || setState({ id: page.id, Page: module.default }),
      () => gone || setState({ id: page.id, error: new Error("this page cannot be fetched: is the studio still running?") }),
    );
    return () => { gone = true; };
  }, [page]);
  return state.id === page.id ? state : {};
}

const go = (page, fields = "") => { location.hash = `#/${page}${fields ? `?${fields}` : ""}`; };
const toPaint = (wish) => go("paint", toAddress(wish));

function App({ studio }) {
  const { page, fields } = useWhere();
  const asked = new URLSearchParams(fields).get("model");
  const model = studio.models.includes(asked) ? asked : studio.models[0];
  const [facts, error] = useJson(modelAddress(model));
  const { Page, error: missing } = usePage(page);
  const [theme, setTheme] = useTheme();
  const [next, sign] = THEMES[theme];
  useEffect(() => { document.documentElement.toggleAttribute("data-alpha", [2, 4].includes(facts?.channels)); }, [facts]);
  // On a phone the pages do not fit into one line: the one that is open is moved into sight.
  useEffect(() => { document.querySelector(".top nav a.here")?.scrollIntoView({ block: "nearest", inline: "center" }); }, [page]);
  useEffect(() => { document.title = `${page.name} · allaprima studio`; }, [page]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>To the page</a>
    <header class="top">
      <a class="brand" href="#/paint"><img src="/static/icon.svg" alt="" width="28" height="28" /> allaprima</a>
      <nav aria-label="Pages"><ul>${PAGES.map((each) => html`<li><a href=${`#/${each.id}?model=${encodeURIComponent(model)}`}
        class=${classes(each === page && "here")} aria-current=${each === page ? "page" : undefined}>${each.name}</a></li>`)}</ul></nav>
      <div class="top-right">
        ${studio.models.length > 1 && html`<select aria-label="Model" value=${model} onChange=${(event) => go(page.id, `model=${encodeURIComponent(event.target.value)}`)}>
            ${studio.models.map((name) => html`<option value=${name} selected=${name === model}>${name}</option>`)}</select>`}
        <button type="button" class="button small" onClick=${() => setTheme(next)} aria-label=${`Colours: ${theme}. Change to ${next}`}
          title=${`Colours: ${theme}`}>${sign}</button>
      </div>
    </header>
    <main id="main" tabindex="-1" class=${`page-${page.id}`}>
      <${Problem} error=${error ?? missing} />
      ${!error && !missing && !(facts && Page) && html`<p class="starting" role="status">${facts ? "One moment…" : `Opening ${model}…`}</p>`}
      ${facts && Page && html`<${Page} key=${`${page.id} ${model}`} studio=${studio} facts=${facts} address=${fields} go=${go} toPaint=${toPaint} />`}
    </main>`;
}

async function start() {
  const place = document.getElementById("app");
  try {
    const studio = await getJson("/api/studio");
    place.replaceChildren();
    render(html`<${App} studio=${studio} />`, place);
  } catch (error) {
    place.replaceChildren();
    render(html`<${Problem} error=${error} />`, place);
  }
}

start();
