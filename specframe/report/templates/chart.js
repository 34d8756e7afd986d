"use strict";
// Numbers of the page as arrays, and elements of charts. What others use is in `specframe`.
const specframe = (() => {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const UNKNOWN = 65535;

  // a table that specframe/report/encoding.py wrote, as a function from row to its values, NaN where unknown
  const decode = (form) => {
    const text = atob(form.data);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const size = { u2: 2, f4: 4, f8: 8 }[form.type];
    const read = {
      u2: (place, row) => {
        const number = view.getUint16(place, true);
        return number === UNKNOWN ? NaN : form.offset[row] + form.step[row] * number;
      },
      f4: (place) => view.getFloat32(place, true),
      f8: (place) => view.getFloat64(place, true),
    }[form.type];
    return (row) => Array.from({ length: form.columns }, (_, j) => read(size * (row * form.columns + j), row));
  };

  const element = (name, attributes = {}, text = null) => {
    const made = document.createElementNS(NAMESPACE, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== null) made.textContent = text;
    return made;
  };

  const scale = (low, high, start, end) => {
    const of = (value) => start + ((value - low) / (high - low)) * (end - start);
    of.inverse = (pixel) => low + ((pixel - start) / (end - start)) * (high - low);
    return Object.assign(of, { low, high, start, end });
  };

  // low and high with a margin; where they are equal, a range around them
  const widened = (low, high, margin) => {
    let spread = high - low;
    if (!(spread > 1e-12 * Math.max(Math.abs(low), Math.abs(high)))) {
      spread = Math.max(0.1 * Math.abs(low), 1e-3);
      low -= spread / 2;
      high += spread / 2;
    }
    return [low - margin * spread, high + margin * spread];
  };

  const ticks = (low, high, number) => {
    const rough = (high - low) / Math.max(number, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= rough * 0.999);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (Math.abs(step / power - 2.5) < 1e-9 ? 1 : 0));
    const large = Math.max(Math.abs(low), Math.abs(high)) >= 1e6 || step < 1e-4;
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i += 1) {
      const value = i * step;
      found.push([value, large ? String(Number(value.toPrecision(6))) : value.toFixed(Math.min(digits, 20))]);
    }
    return found;
  };

  // a number with as many digits as its error knows
  const shown = (value, error) => {
    if (!Number.isFinite(value)) return "–";
    if (!(error > 0) || !Number.isFinite(error)) return String(Number(value.toPrecision(5)));
    const digits = Math.max(1 - Math.floor(Math.log10(error)), 0);
    if (digits <= 12 || value === 0) return value.toFixed(Math.min(digits, 12));
    const known = digits + Math.floor(Math.log10(Math.abs(value)));
    return value.toExponential(Math.min(Math.max(known, 0), 15));
  };

  const path = (points) => {
    let text = "";
    let pen = false;
    for (const [x, y] of points) {
      if (Number.isFinite(x) && Number.isFinite(y)) {
        text += `${pen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
        pen = true;
      } else {
        pen = false;
      }
    }
    return text;
  };

  return { decode, element, scale, widened, ticks, shown, path };
})();
