// A picture from outside: which styles would the model paint it with? The search is watched while it comes nearer.
import { html, useState } from "./html.js";
import { useJob } from "./api.js";
import { ProjectForm } from "./project-form.js";
import { Search } from "./project-search.js";
import { useWork } from "./walk-film.js";

export default function Page({ studio, facts, address, toPaint }) {
  const [work, setWork] = useWork("project", facts.name);
  const [job, error] = useJob(work);
  const isGone = error?.status === 404; // removed in the meantime
  return html`<div class="project-page">
    <h1>Find a picture in the model</h1>
    ${work && !isGone ? html`<${Search} facts=${facts} job=${job} error=${error} toPaint=${toPaint} onAnother=${() => setWork(null)} />`
      : html`<p class="lead">Give it a picture of your own. The studio looks for the styles with which ${facts.name} paints it, as nearly as it can,
          and then you can paint on from there.</p>
        <${ProjectForm} studio=${studio} facts=${facts} address=${address} onOrdered=${(ordered) => setWork(ordered.id)} />`}
  </div>`;
}
