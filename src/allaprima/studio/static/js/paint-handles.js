// StyleGAN3's picture can be moved by hand: the frame is dragged, its corner turns and scales it.
import { html, useRef } from "./html.js";

const LEAST = 0.1;
const MOST = 10;

// In shares of the longer side, from the middle: x to the right, y down; rotate counterclockwise.
export function Handles({ facts, move, onMove }) {
  const surface = useRef(null);
  const drag = useRef(null);
  const long = Math.max(facts.height, facts.width);
  const [wide, high] = [(100 * facts.width) / long, (100 * facts.height) / long];
  const here = (event) => {
    const box = surface.current.getBoundingClientRect();
    const unit = Math.max(box.width, box.height);
    return [(event.clientX - box.left - box.width / 2) / unit, (event.clientY - box.top - box.height / 2) / unit];
  };
  const press = (kind) => (event) => {
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { kind, from: here(event), move };
  };
  const pull = (event) => {
    if (!drag.current) return;
    const { kind, from, move: before } = drag.current;
    const [x, y] = here(event);
    if (kind === "shift") {
      onMove({ ...before, x: before.x + x - from[0], y: before.y + y - from[1] });
      return;
    }
    const arm = (point) => [point[0] - before.x, point[1] - before.y];
    const [a, b] = [arm(from), arm([x, y])];
    const turned = Math.atan2(a[1], a[0]) - Math.atan2(b[1], b[0]);
    const grown = Math.hypot(...b) / Math.max(1e-3, Math.hypot(...a));
    const rotate = before.rotate + (turned * 180) / Math.PI;
    onMove({
      ...before,
      rotate: ((((rotate + 180) % 360) + 360) % 360) - 180,
      scale: Math.min(MOST, Math.max(LEAST, before.scale * grown)),
    });
  };
  const let_go = () => { drag.current = null; };
  const place = `translate(${wide / 2 + 100 * move.x} ${high / 2 + 100 * move.y}) rotate(${-move.rotate}) scale(${move.scale})`;
  const [w, h] = [0.42 * wide, 0.42 * high];
  return html`<svg ref=${surface} class="handles" viewBox="0 0 ${wide} ${high}" onPointerMove=${pull} onPointerUp=${let_go}
      onPointerCancel=${let_go} aria-hidden="true">
    <g transform=${place}>
      <rect class="frame" x=${-w} y=${-h} width=${2 * w} height=${2 * h} vector-effect="non-scaling-stroke" onPointerDown=${press("shift")}>
        <title>Drag: move the picture</title></rect>
      <circle class="knob" cx=${w} cy=${-h} r=${3.2 / move.scale} vector-effect="non-scaling-stroke" onPointerDown=${press("turn")}>
        <title>Drag: turn and scale the picture</title></circle>
    </g>
  </svg>`;
}
