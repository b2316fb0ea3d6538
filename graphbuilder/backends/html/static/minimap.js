// The overview, where not all of the figure is seen.

function drawMinimap() {
  const canvas = byId("minimap"), { scene, at, room } = view;
  if (!scene) return;
  const whole = at.x > -1 && at.y > -1 && at.x + scene.wide * at.zoom < room.width + 1 && at.y + scene.high * at.zoom < room.height + 1;
  canvas.hidden = view.plain || whole;
  if (canvas.hidden) return;
  const scale = Math.min(168 / scene.wide, 132 / scene.high), ratio = devicePixelRatio || 1;
  const wide = Math.max(24, scene.wide * scale + 12), high = Math.max(24, scene.high * scale + 12);
  canvas.width = wide * ratio;
  canvas.height = high * ratio;
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
  pen.setTransform(ratio * scale, 0, 0, ratio * scale, 6 * ratio, 6 * ratio);
  for (const item of scene.items) {
    pen.fillStyle = item.open ? style.getPropertyValue("--minimap-frame") : view.colours.get(classOf(item)) ?? style.getPropertyValue("--minimap-box");
    pen.fillRect(item.x, item.y, item.wide, item.high);
  }
  pen.lineWidth = 1.5 / scale;
  pen.strokeStyle = style.getPropertyValue("--accent");
  pen.strokeRect(-at.x / at.zoom, -at.y / at.zoom, room.width / at.zoom, room.height / at.zoom);
  view.minimap = scale;
}

function classOf(item) {
  return `${document.documentElement.dataset.theme} ${view.heat ? item.heat : item.style}`;
}

function minimapTo(event) {
  const { left, top } = byId("minimap").getBoundingClientRect();
  view.centre((event.clientX - left - 6) / view.minimap, (event.clientY - top - 6) / view.minimap);
}
