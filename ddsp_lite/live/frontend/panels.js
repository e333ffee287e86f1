/** From an entry of the spec's `show` to the panel that shows it. */

import { BarsPanel } from "./bars.js";
import { ChainPanel } from "./chain.js";
import { ContestPanel } from "./contest.js";
import { CurvePanel, TracePanel, WavePanel } from "./curves.js";
import { LandscapePanel } from "./landscape.js";
import { MapPanel } from "./maps.js";
import { SpectrumPanel } from "./spectrum.js";

const PANELS = {
  spectrum: SpectrumPanel,
  landscape: LandscapePanel,
  map: MapPanel,
  wave: WavePanel,
  curve: CurvePanel,
  trace: TracePanel,
  bars: BarsPanel,
  chain: ChainPanel,
  contest: ContestPanel,
};

/** All panels of a demo in order; bars that no entry shows get a panel of their own. */
export function createPanels(kit) {
  const panels = kit.spec.show.filter((item) => item.kind in PANELS).map((item) => new PANELS[item.kind](item, kit));
  for (const control of kit.spec.controls) {
    const shown = kit.spec.show.some((item) => item.kind === "bars" && item.control === control.name);
    if (control.kind === "bars" && !shown && !control.hidden) panels.push(new BarsPanel({ control: control.name, target: null, arrows: true }, kit));
  }
  return panels;
}
