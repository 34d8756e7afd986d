"use strict";
// Picker, plot, readout and table of the targets; without it the page shows what stands in the file.
(() => {
  const { decode, shown } = specframe;
  const island = document.getElementById("viewer-data");
  if (!island) return;
  const data = JSON.parse(island.textContent);
  const at = (id) => document.getElementById(id);
  const tables = Object.fromEntries(Object.entries(data.tables).map(([name, form]) => [name, decode(form)]));
  const spectral = data.kind === "spectrum";

  const targets = data.names.map((name, row) => {
    const mean = tables.mean(row);
    const found = { name, row, mean };
    for (const part of ["std", "truth", "estimate", "estimate_error"]) found[part] = tables[part]?.(row) ?? null;
    for (const level of ["68", "95"]) {
      const down = tables[`down${level}`]?.(row);
      const up = tables[`up${level}`]?.(row) ?? down;
      found[`low${level}`] = down ? mean.map((value, j) => value - down[j]) : null;
      found[`high${level}`] = up ? mean.map((value, j) => value + up[j]) : null;
    }
    return found;
  });

  const svg = at("spectrum-plot");
  const [picker, search, order, readout] = ["target", "search", "order", "readout"].map(at);
  const table = specframe.targetTable(at("target-table"), data);
  const plot = spectral ? specframe.spectrumPlot(svg, data) : specframe.parameterPlot(svg, data, targets);
  const toggles = { truth: at("show-truth"), wide: at("show-95"), estimate: at("show-estimate") };
  const options = () => Object.fromEntries(Object.entries(toggles).map(([key, box]) => [key, Boolean(box?.checked)]));
  let listed = [];
  let current = targets[0];
  let chosen = null;
  let printing = false;

  // ---- what is said of a target
  const scoreText = {
    rmse: ["rms error", data.error_unit],
    pull_rms: ["pull rms", ""],
    inside_68: ["share of the truth within 68 % intervals:", "%"],
    inside_95: ["within 95 % intervals:", "%"],
    error: ["median error", data.error_unit],
    distance: ["distance to training set", ""],
  };
  const scoreOf = (name, row) => {
    const value = data.scores[name]?.[row];
    if (value === null || value === undefined) return null;
    const [words, unit] = scoreText[name];
    const number = unit === "%" ? (100 * value).toFixed(0) : String(Number(value.toPrecision(3)));
    return `${words} ${number}${unit ? ` ${unit}` : ""}`;
  };
  const summary = (target) => {
    const parts = Object.keys(data.scores).map((name) => scoreOf(name, target.row)).filter(Boolean);
    const flags = data.flags[target.row];
    return [...parts, flags.length ? `flags: ${flags.join(", ")}` : "no flags"].join("; ");
  };
  const pointText = (target, j) => {
    const error = target.low68 ? (target.high68[j] - target.low68[j]) / 2 : NaN;
    const where = spectral ? `${Number(data.wavelength[j].toPrecision(5))} µm (${data.outputs[j]})` : data.outputs[j];
    const unit = data.units[j] ? ` ${data.units[j]}` : "";
    const uneven =
      target.low68 && Math.abs(target.high68[j] + target.low68[j] - 2 * target.mean[j]) > 0.2 * error
        ? ` +${shown(target.high68[j] - target.mean[j], error)} −${shown(target.mean[j] - target.low68[j], error)}`
        : ` ± ${shown(error, error)}`;
    let text = `${where}: ${shown(target.mean[j], error)}${Number.isFinite(error) ? uneven : ""}${unit}`;
    if (target.truth && Number.isFinite(target.truth[j])) {
      text += `, true ${shown(target.truth[j], error)}`;
      if (target.std && target.std[j] > 0) {
        text += `, residual ${((target.mean[j] - target.truth[j]) / target.std[j]).toFixed(1)} σ`;
      }
    }
    const side = data.edge?.[target.row][j];
    if (side) text += side > 0 ? ", at the upper edge of the training labels" : ", at the lower edge of the training labels";
    if (target.estimate && Number.isFinite(target.estimate[j])) {
      text += `, light curve ${shown(target.estimate[j], error)} ± ${shown(target.estimate_error[j], error)}`;
    }
    return text;
  };

  // ---- drawing
  const say = (text) => {
    if (readout.textContent !== text) readout.textContent = text;
  };
  const redraw = () => {
    const width = printing ? 820 : Math.max(Math.round(svg.clientWidth || 820), 300);
    plot.draw(current, options(), chosen, width);
    at("zoom-reset").disabled = plot.isWhole();
    at("zoom-out").disabled = plot.isWhole();
  };
  const describe = () => {
    const words = `Target ${current.name}: ${summary(current)}.`;
    let title = svg.querySelector("title");
    if (!title) {
      title = specframe.element("title", { id: "plot-title" });
      svg.prepend(title);
    }
    title.textContent = words;
    at("viewer-target").textContent = current.name;
    at("viewer-summary").textContent = summary(current);
  };
  const choose = (target, tell = true) => {
    current = target;
    chosen = null;
    picker.value = String(target.row);
    const place = listed.indexOf(target);
    at("previous").disabled = place <= 0;
    at("next").disabled = place < 0 || place === listed.length - 1;
    describe();
    redraw();
    table.fill(current);
    if (tell) say(`Target ${target.name}: ${summary(target)}`);
    at("link").setAttribute("href", `#target=${encodeURIComponent(target.name)}`);
  };
  const pick = (j) => {
    if (j === null || j === chosen) return;
    chosen = j;
    if (plot.contains(j)) {
      plot.mark(j);
    } else {
      plot.follow(j);
      redraw();
    }
    say(pointText(current, j));
  };

  // ---- the list of targets
  const sorters = {
    data: () => 0,
    name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  };
  for (const name of Object.keys(data.scores)) {
    const value = (target) => data.scores[name][target.row] ?? -Infinity;
    sorters[name] = (a, b) => value(b) - value(a);
    const option = document.createElement("option");
    option.value = name;
    option.textContent = `${scoreText[name][0].replace(":", "")}, largest first`;
    order.append(option);
  }
  const list = () => {
    const words = search.value.trim().toLowerCase();
    listed = targets
      .filter((target) => target.name.toLowerCase().includes(words) || data.flags[target.row].join(" ").toLowerCase().includes(words))
      .sort(sorters[order.value]);
    const key = order.value in data.scores ? order.value : "";
    picker.replaceChildren(
      ...listed.map((target) => {
        const option = document.createElement("option");
        const name = target.name.length > 60 ? `${target.name.slice(0, 59)}…` : target.name;
        const score = key ? scoreOf(key, target.row) : null;
        option.value = String(target.row);
        option.textContent = score ? `${name} (${score})` : name;
        return option;
      }),
    );
    picker.disabled = listed.length === 0;
    at("found").textContent = words ? `${listed.length} of ${targets.length}` : "";
    at("previous").disabled = at("next").disabled = listed.length === 0;
    if (listed.includes(current)) choose(current, false);
    else if (listed.length) choose(listed[0]);
  };
  const move = (by) => {
    const next = listed[listed.indexOf(current) + by];
    if (next) choose(next);
  };

  // ---- mouse and keys
  const pixel = (event) => {
    const box = svg.getBoundingClientRect();
    const ratio = svg.viewBox.baseVal.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  };
  let drag = null;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !spectral) return;
    const [x] = pixel(event);
    drag = { x, moved: false, pan: event.shiftKey, view: plot.view() };
    if (event.pointerType === "mouse") svg.setPointerCapture(event.pointerId);
    else drag = null; // fingers scroll the page; buttons zoom
  });
  svg.addEventListener("pointermove", (event) => {
    const [x, y] = pixel(event);
    if (!drag) {
      pick(plot.nearest(x, y));
      return;
    }
    drag.moved ||= Math.abs(x - drag.x) > 4;
    if (!drag.moved) return;
    if (drag.pan) {
      plot.show(drag.view);
      const by = plot.at(drag.x) - plot.at(x);
      plot.show([drag.view[0] + by, drag.view[1] + by]);
      redraw();
    } else {
      svg.querySelector(".selection")?.remove();
      const height = svg.viewBox.baseVal.height;
      const [low, high] = [Math.min(x, drag.x), Math.max(x, drag.x)];
      svg.append(specframe.element("rect", { class: "selection", x: low, y: 0, width: high - low, height }));
    }
  });
  svg.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const [x, y] = pixel(event);
    if (drag.moved && !drag.pan) {
      const ends = [plot.at(drag.x), plot.at(x)].sort((a, b) => a - b);
      const middle = (ends[0] + ends[1]) / 2;
      plot.zoom((ends[1] - ends[0]) / (drag.view[1] - drag.view[0]), middle);
      const half = (plot.view()[1] - plot.view()[0]) / 2;
      plot.show([middle - half, middle + half]);
    }
    if (!drag.moved) pick(plot.nearest(x, y));
    drag = null;
    redraw();
  });
  svg.addEventListener("pointercancel", () => {
    drag = null;
    redraw();
  });
  svg.addEventListener("click", (event) => pick(plot.nearest(...pixel(event))));
  svg.addEventListener("dblclick", () => act(plot.reset));
  svg.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey || !spectral) return;
      event.preventDefault();
      act(() => plot.zoom(event.deltaY > 0 ? 1.25 : 0.8, plot.at(pixel(event)[0])));
    },
    { passive: false },
  );
  const act = (change) => {
    change();
    redraw();
  };
  const step = (by) => {
    const known = data.outputs.map((_, j) => j).filter((j) => Number.isFinite(current.mean[j]));
    const inView = known.filter(plot.contains);
    const from = by > 0 ? inView[0] : inView[inView.length - 1];
    const place = known.indexOf(chosen);
    pick(place < 0 ? (from ?? null) : known[Math.min(Math.max(place + by, 0), known.length - 1)]);
  };
  const keys = {
    "+": () => act(() => plot.zoom(0.67)),
    "=": () => act(() => plot.zoom(0.67)),
    "-": () => act(() => plot.zoom(1.5)),
    0: () => act(plot.reset),
    ArrowLeft: (shift) => (shift ? act(() => plot.pan(-0.2)) : step(-1)),
    ArrowRight: (shift) => (shift ? act(() => plot.pan(0.2)) : step(1)),
    ArrowUp: () => move(-1),
    ArrowDown: () => move(1),
    Home: () => pick(plot.nearest(-1e9, -1e9)),
    End: () => pick(plot.nearest(1e9, 1e9)),
    Escape: () => {
      chosen = null;
      act(plot.reset);
    },
  };
  svg.setAttribute("tabindex", "0");
  svg.setAttribute("aria-describedby", "viewer-keys");
  svg.setAttribute("aria-labelledby", "plot-title");
  svg.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key](event.shiftKey);
  });

  // ---- controls
  const on = (id, act, kind = "click") => at(id)?.addEventListener(kind, act);
  on("previous", () => move(-1));
  on("next", () => move(1));
  on("zoom-in", () => act(() => plot.zoom(0.67)));
  on("zoom-out", () => act(() => plot.zoom(1.5)));
  on("zoom-reset", () => act(plot.reset));
  on("pan-left", () => act(() => plot.pan(-0.25)));
  on("pan-right", () => act(() => plot.pan(0.25)));
  on("target", () => choose(targets[Number(picker.value)]), "change");
  on("search", list, "input");
  on("order", list, "change");
  for (const box of Object.values(toggles)) box?.addEventListener("change", redraw);
  on("copy-csv", async () => {
    try {
      await navigator.clipboard.writeText(table.csv(current));
      say("Copied.");
    } catch {
      say("This browser does not let the page copy; save the table instead.");
    }
  });
  on("save-csv", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([table.csv(current)], { type: "text/csv" }));
    link.download = `${current.name.replace(/[^\w.-]+/g, "_").slice(0, 80)}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });

  // ---- links to a target: #target=<name>
  const fromLink = () => {
    if (!location.hash.startsWith("#target=")) return false;
    let name = location.hash.slice("#target=".length);
    try {
      name = decodeURIComponent(name);
    } catch {
      return false;
    }
    const target = targets.find((candidate) => candidate.name === name);
    if (!target) {
      say(`The viewer has no target ${name}.`);
      return true;
    }
    search.value = "";
    list();
    choose(target);
    at("result").scrollIntoView();
    return true;
  };
  window.addEventListener("hashchange", fromLink);
  new ResizeObserver(() => redraw()).observe(svg);
  for (const [event, starts] of [["beforeprint", true], ["afterprint", false]]) {
    window.addEventListener(event, () => {
      printing = starts;
      redraw();
    });
  }
  readout.textContent = `Point at the chart, or press → on it, to read ${spectral ? "a channel" : "a parameter"} here.`;
  const first = Number(island.dataset.first);
  if (targets[first]) current = targets[first];
  list();
  fromLink();
})();
