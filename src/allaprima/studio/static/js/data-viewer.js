// One image, large, before all else; left and right lead to its neighbours.
import { html, useEffect, useRef } from "./html.js";
import { Button, classes } from "./ui.js";
import { signed } from "./inside-parts.js";
import { dataAddress } from "./data.js";

const SIDE = 1024;

export function Viewer({ name, about, images, place, facts, go, onPlace, onClose }) {
  const dialog = useRef(null);
  const image = images[place];
  useEffect(() => { dialog.current.showModal(); }, []);
  const step = (by) => {
    for (let next = place + by; next >= 0 && next < images.length; next += by) {
      if (!images[next].broken) { onPlace(next); return; }
    }
  };
  const press = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) { event.preventDefault(); step(by); }
  };
  const address = `${dataAddress(name)}/image/${image.index}`;
  const project = () => go("project", new URLSearchParams({ model: facts.name, data: name, index: image.index }).toString());
  return html`<dialog ref=${dialog} class="viewer" aria-label=${`Image ${image.name}`} onClose=${onClose} onKeyDown=${press}
      onClick=${(event) => event.target === dialog.current && dialog.current.close()}>
    <div class="viewer-inside">
      <img class=${classes("picture", about.height <= 128 && "pixels")} key=${image.index} src=${`${address}?side=${SIDE}`} alt=${image.name} />
      <p class="viewer-name"><strong>${image.name}</strong> <span class="hint">number ${image.index}${image.score === undefined ? "" : `, score ${signed(image.score)}`}</span></p>
      <div class="row">
        <${Button} onClick=${() => step(-1)} disabled=${place === 0} aria-label="The image before">←<//>
        <${Button} onClick=${() => step(1)} disabled=${place === images.length - 1} aria-label="The next image">→<//>
        <${Button} kind="main" onClick=${project} title="Look for the latent of which the model paints this image">Project it<//>
        <a class="button" href=${address} download=${`${name}-${image.index}.png`}>Save<span class="unseen"> the image</span></a>
        <${Button} onClick=${() => dialog.current.close()}>Close<//>
      </div>
    </div></dialog>`;
}
