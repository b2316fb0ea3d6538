// The mouse and fingers on the figure: what they drag, pinch, light and press.

class Pointers {
  constructor(view) {
    const { svg } = view;
    this.view = view;
    this.touches = new Map();
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, (event) => this.up(event));
    svg.addEventListener("pointerover", (event) => { if (event.pointerType !== "touch") this.view.light(this.under(event)); });
    svg.addEventListener("pointerleave", () => this.view.light(null));
    svg.addEventListener("dblclick", (event) => { if (!event.target.closest("[data-fold], [data-copies], [data-parts]")) this.view.toggle(this.under(event)); });
  }

  under(event) {
    const found = event.target.closest?.("[data-item]");
    return found ? this.view.scene.items[Number(found.dataset.item)] : null;
  }

  local(event) {
    const { left, top } = this.view.svg.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey || event.metaKey) this.view.zoomBy(Math.exp(-event.deltaY * unit * (event.deltaMode ? 0.02 : 0.006)), ...this.local(event));
    else this.view.panBy(-(event.shiftKey ? event.deltaY : event.deltaX) * unit, event.shiftKey ? 0 : -event.deltaY * unit);
  }

  down(event) {
    if (event.button) return;
    this.touches.set(event.pointerId, this.local(event));
    this.dragged = this.touches.size > 1;
    this.pressed = event.target;
  }

  move(event) {
    const before = this.touches.get(event.pointerId);
    if (!before) return;
    const now = this.local(event), others = [...this.touches].filter(([id]) => id !== event.pointerId);
    if (!this.dragged && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
    if (!this.dragged) this.view.svg.setPointerCapture(event.pointerId);
    this.dragged = true;
    this.view.svg.classList.add("dragging");
    this.touches.set(event.pointerId, now);
    if (!others.length) return this.view.panBy(now[0] - before[0], now[1] - before[1]);
    const [, other] = others[0], length = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
    this.view.panBy((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    this.view.zoomBy(length(now) / length(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  up(event) {
    if (!this.touches.delete(event.pointerId)) return;
    if (this.touches.size) return;
    this.view.svg.classList.remove("dragging");
    if (this.dragged || event.type === "pointercancel") return;
    this.press(this.pressed);
  }

  press(target) {
    const at = (name) => this.view.scene.items[Number(target.closest(`[data-${name}]`)?.dataset[name])];
    const fold = at("fold"), copies = at("copies"), parts = at("parts"), item = at("item");
    if (fold) this.view.toggle(fold);
    else if (copies) this.view.toggleCopies(copies);
    else if (parts) this.view.toggleParts(parts);
    else this.view.choose(item ? item.path : null);
  }
}
