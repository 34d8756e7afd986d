"use strict";
// The values of a target as a table, and as text for a spreadsheet.
specframe.targetTable = (table, data) => {
  const { shown } = specframe;
  const spectral = data.kind === "spectrum";
  const words = data.what === "measured" ? "Measured" : "Predicted";

  const columnsOf = (target) => {
    const unit = spectral && data.unit ? ` (${data.unit})` : "";
    const found = [[`${words}${unit}`, "mean"]];
    for (const level of ["68", "95"]) {
      if (target[`low${level}`]) found.push([`Lower ${level} %`, `low${level}`], [`Upper ${level} %`, `high${level}`]);
    }
    if (target.std) found.push(["σ", "std"]);
    if (target.truth) found.push(["Truth", "truth"]);
    if (target.estimate) found.push(["Light curve", "estimate"], ["Its error", "estimate_error"]);
    return found;
  };
  const rowsOf = (target) => {
    const columns = columnsOf(target);
    const first = spectral ? ["Channel", "Wavelength (µm)"] : ["Parameter", "Unit"];
    const rows = data.outputs.map((name, j) => {
      const error = target.std ? target.std[j] : target.low68 ? (target.high68[j] - target.low68[j]) / 2 : NaN;
      const second = spectral ? String(Number(data.wavelength[j].toPrecision(7))) : data.units[j];
      return [name, second, ...columns.map(([, key]) => shown(target[key][j], error / 10))];
    });
    return [[...first, ...columns.map(([heading]) => heading)], rows];
  };
  const made = (name, text, attributes = {}) => {
    const cell = document.createElement(name);
    cell.textContent = text;
    for (const [key, value] of Object.entries(attributes)) cell.setAttribute(key, value);
    return cell;
  };
  const line = (...cells) => {
    const row = document.createElement("tr");
    row.append(...cells);
    return row;
  };
  const fill = (target) => {
    const [head, rows] = rowsOf(target);
    const thead = document.createElement("thead");
    thead.append(line(...head.map((text, i) => made("th", text, { scope: "col", class: i > 1 ? "number" : "" }))));
    const tbody = document.createElement("tbody");
    for (const row of rows) {
      const cells = row.slice(1).map((text, i) => made("td", text, { class: spectral || i ? "number" : "" }));
      tbody.append(line(made("th", row[0], { scope: "row" }), ...cells));
    }
    table.replaceChildren(made("caption", `${words} values of target ${target.name}`), thead, tbody);
  };

  // a name that a spreadsheet would take for a formula is marked as text, "-1+A1" too
  const cell = (text) => {
    const safe = /^[-=+@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const csv = (target) => {
    const [head, rows] = rowsOf(target);
    return [["Target", ...head], ...rows.map((row) => [target.name, ...row])]
      .map((row) => row.map((text) => cell(text === "–" ? "" : text)).join(","))
      .join("\n");
  };
  return { fill, csv };
};
