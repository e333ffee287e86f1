/** Heights over a grid of places, and what is drawn from them: shades, a small picture, contour lines. */

const LEVELS = 9;
const HIGHEST = 0.98;

/** Tables of heights over nx × ny places, with room for what is drawn from them. */
export function gridOf(nx, ny, tables) {
  return { nx, ny, tables, shades: tables.map(shadesOf), pictures: [], contours: [] };
}

/** Heights as shades from 0 to 1; the root brings out the valleys, and the very highest do not hide the rest. */
function shadesOf(table) {
  const sorted = Array.from(table).filter(Number.isFinite).sort((a, b) => a - b);
  const low = sorted[0] ?? 0;
  const high = sorted[Math.floor(HIGHEST * (sorted.length - 1))] ?? 1;
  // A map that is level but for rounding is level.
  const span = high - low > 1e-5 * Math.max(1e-3, Math.abs(high)) ? high - low : Infinity;
  return Float64Array.from(table, (value) => (Number.isFinite(value) ? Math.sqrt(Math.min(1, Math.max(0, (value - low) / span))) : 1));
}

function channels(colour) {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1] ?? "777777";
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** A small canvas with one pixel for each height, from the ground's colour to the loss's. */
export function pictureOf(grid, n, colours) {
  const key = `${colours.surface}${colours.loss}`;
  const known = grid.pictures[n];
  if (known?.key === key) return known.canvas;
  const canvas = document.createElement("canvas");
  canvas.width = grid.nx;
  canvas.height = grid.ny;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(grid.nx, grid.ny);
  const ground = channels(colours.surface);
  const top = channels(colours.loss);
  grid.shades[n].forEach((shade, k) => {
    const at = 4 * ((grid.ny - 1 - Math.floor(k / grid.nx)) * grid.nx + (k % grid.nx));
    for (let c = 0; c < 3; c += 1) image.data[at + c] = ground[c] + 0.85 * shade * (top[c] - ground[c]);
    image.data[at + 3] = 255;
  });
  pen.putImageData(image, 0, 0);
  grid.pictures[n] = { key, canvas };
  return canvas;
}

/** Contour lines as a flat list x0, y0, x1, y1 … in shares of the map: where each cell's edges cross a level, joined in pairs. */
export function contoursOf(grid, n) {
  if (grid.contours[n]) return grid.contours[n];
  const { nx, ny } = grid;
  const shades = grid.shades[n];
  const lines = [];
  for (let j = 0; j < ny - 1; j += 1) {
    for (let i = 0; i < nx - 1; i += 1) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const heights = corners.map(([a, b]) => shades[b * nx + a]);
      const low = Math.min(...heights);
      const high = Math.max(...heights);
      for (let level = Math.max(1, Math.ceil(low * LEVELS)); level < LEVELS && level / LEVELS < high; level += 1) {
        const points = [];
        for (let k = 0; k < 4; k += 1) {
          const from = heights[k] - level / LEVELS;
          const to = heights[(k + 1) % 4] - level / LEVELS;
          if (from < 0 === to < 0) continue;
          const t = from / (from - to);
          const [a, b] = [corners[k], corners[(k + 1) % 4]];
          points.push((a[0] + t * (b[0] - a[0])) / (nx - 1), (a[1] + t * (b[1] - a[1])) / (ny - 1));
        }
        lines.push(...points);
      }
    }
  }
  grid.contours[n] = lines;
  return lines;
}
