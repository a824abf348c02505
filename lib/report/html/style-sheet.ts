/** Colours of both schemes, as name, light, dark. */
const COLOURS: readonly (readonly [name: string, light: string, dark: string])[] = [
  ["page", "#f4f6f8", "#12161c"],
  ["card", "#ffffff", "#1a2028"],
  ["soft", "#f0f3f6", "#222a34"],
  ["text", "#1d2733", "#dfe6ee"],
  ["muted", "#5b6876", "#97a5b4"],
  ["border", "#dde3e9", "#303a46"],
  ["grid", "#e8ecf0", "#29323d"],
  ["link", "#1c5fa8", "#7db5f0"],
  ["backdoored", "#b3261e", "#f2877f"],
  ["backdoored-soft", "#fbe4e1", "#4a2422"],
  ["clean", "#1b7145", "#6fcf9c"],
  ["clean-soft", "#def2e6", "#1c3d2d"],
  ["inconclusive", "#8a5a00", "#e3b458"],
  ["inconclusive-soft", "#fbefd2", "#453613"],
  ["error", "#6a3fa0", "#bd9bec"],
  ["error-soft", "#eee5f9", "#352a49"],
  ["forced", "#a9b3bf", "#66727f"],
  ["series-0", "#1f6fb8", "#6ab0f3"],
  ["series-1", "#c4560f", "#f0954f"],
  ["series-2", "#0d8577", "#4cc7b8"],
  ["series-3", "#7a4bb5", "#b492ea"],
  ["series-4", "#bb3474", "#ee83b2"],
  ["series-5", "#7b7a10", "#c9c652"],
  ["series-6", "#2c8fae", "#7fd0e8"],
  ["series-7", "#8a583a", "#d0a080"],
];

const variables = (scheme: 1 | 2) => COLOURS.map((colour) => `--${colour[0]}:${colour[scheme]}`).join(";");

const LAYOUT = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{margin:0 auto;padding:28px 24px 40px;max-width:1120px;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:24px;line-height:1.25;margin:0}
h2{font-size:19px;line-height:1.35;margin:0;overflow-wrap:anywhere}
h3{font-size:16px;line-height:1.4;margin:0 0 8px}
h4{font-size:13px;margin:0 0 6px}
p{margin:0 0 10px;overflow-wrap:anywhere}
a{color:var(--link)}
figure{margin:0}
dl{margin:0}
dd{margin:0}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.muted{color:var(--muted)}
.caption{font-size:13px;margin:6px 0 0}
.page-header{display:flex;flex-wrap:wrap;gap:16px;justify-content:space-between;align-items:flex-end;margin-bottom:20px}
.page-header p{margin:2px 0 0}
.counts{display:flex;flex-wrap:wrap;gap:8px}
.counts div{display:flex;gap:6px;align-items:baseline;padding:4px 11px;border-radius:999px;font-size:13px;background:var(--soft);color:var(--muted)}
.counts dd{font-weight:700}
.notice{padding:11px 16px;border-radius:8px;background:var(--inconclusive-soft);color:var(--inconclusive)}
.card{background:var(--card);border:1px solid var(--border);border-radius:12px;padding:22px 26px;margin-bottom:22px}
.card section{margin-top:30px;padding-top:22px;border-top:1px solid var(--border)}
section.card h2{margin-bottom:10px}
.model{border-top-width:4px}
.model.backdoored{border-top-color:var(--backdoored)}
.model.clean{border-top-color:var(--clean)}
.model.inconclusive{border-top-color:var(--inconclusive)}
.model.error{border-top-color:var(--error)}
.model-header{display:flex;flex-wrap:wrap;gap:8px 16px;justify-content:space-between;align-items:center;margin-bottom:10px}
.badge{display:inline-block;white-space:nowrap;padding:2px 11px;border-radius:999px;font-size:12.5px;font-weight:650;letter-spacing:.02em;background:var(--soft);color:var(--muted)}
.model-header .badge{font-size:15px;padding:4px 16px}
.reason{font-size:16px;margin-bottom:14px}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(215px,100%),1fr));gap:14px 24px;margin-top:20px}
.figures div{border-left:3px solid var(--border);padding:1px 0 1px 12px;min-width:0}
.figures dt{font-size:12.5px;color:var(--muted)}
.figures dd{font-size:18px;font-weight:620;line-height:1.35;overflow-wrap:anywhere}
.figures small{display:block;font-size:12px;font-weight:400;color:var(--muted)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:baseline;padding:6px 12px 6px 0;border-bottom:1px solid var(--border)}
thead th{font-size:12.5px;font-weight:600;color:var(--muted);white-space:nowrap}
tbody th{font-weight:500}
tr:last-child td,tr:last-child th{border-bottom-color:transparent}
.scroll td{white-space:nowrap}
.nowrap{white-space:nowrap}
.summary tbody th{min-width:150px;overflow-wrap:anywhere}
.summary td[colspan]{white-space:normal;overflow-wrap:anywhere}
.number{text-align:right}
th.number:not(:last-child),td.number:not(:last-child){padding-right:18px}
.best{background:var(--soft)}
.best td,.best th{font-weight:650}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(300px,100%),1fr));gap:18px;margin-top:18px}
.sample{border:1px solid var(--border);border-radius:9px;padding:12px;break-inside:avoid;min-width:0}
.sample table{font-size:12.5px;margin-top:8px}
.sample td,.sample th{padding:3px 6px 3px 0}
.sample p{margin:4px 0 0;font-size:12.5px}
.pictures{display:grid;grid-template-columns:repeat(3,1fr);gap:8px}
.pictures img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:4px;background:var(--soft)}
.pictures figcaption{font-size:12px;color:var(--muted);text-align:center;margin-top:3px}
.strips{margin-top:16px;break-inside:avoid}
.strips figcaption{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:center;margin-bottom:8px}
.strip-row{display:grid;grid-template-columns:72px minmax(0,1fr);gap:10px;align-items:start}
.strip-name{font-size:13px;color:var(--muted);padding-top:13px}
.key{display:inline-flex;align-items:center;gap:6px;font-size:13px;color:var(--muted)}
.key i{display:inline-block;width:9px;height:9px;border-radius:50%}
.key .before{background:var(--series-0)}
.key .after{background:var(--series-1)}
.key .target{width:2px;height:14px;border-radius:0;background:var(--text)}
.key .range{width:18px;border-radius:2px;background:var(--border)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(380px,100%),1fr));gap:20px 28px;margin-top:14px}
.charts figure{break-inside:avoid;min-width:0}
.charts figcaption{font-size:13.5px}
.plane{display:grid;grid-template-columns:minmax(0,560px) minmax(200px,1fr);gap:12px 28px;align-items:center;break-inside:avoid}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:8px 0 0;padding:0;font-size:13px;color:var(--muted)}
.legend.vertical{flex-direction:column}
.legend li{display:flex;align-items:center;gap:8px}
.swatch{display:inline-block;width:18px;border-top:3px solid;margin-right:2px;vertical-align:middle}
th .swatch{margin-right:8px}
.mark{flex:none;width:13px;height:13px;background:var(--backdoored);opacity:.75}
.mark.circle{border-radius:50%}
.mark.square{background:var(--muted)}
.mark.hollow{background:none;border:1.5px dashed var(--backdoored)}
.mark.cloud{background:var(--series-0);opacity:.25;border-radius:50%}
.mark.dot{width:5px;height:5px;margin:0 4px;border-radius:50%;background:var(--series-0)}
.patch{display:inline-block;width:14px;height:14px;margin-right:8px;border:1px solid var(--border);border-radius:3px;vertical-align:-2px}
.unchecked ul{margin:0;padding-left:20px}
.unchecked li{overflow-wrap:anywhere}
.fact-groups{columns:2 380px;column-gap:40px}
.fact-group{break-inside:avoid;margin-bottom:18px}
.fact-group dl div{display:grid;grid-template-columns:minmax(96px,34%) minmax(0,1fr);gap:10px;padding:3px 0;font-size:13px;border-bottom:1px solid var(--grid)}
.fact-group dt{color:var(--muted)}
.fact-group dd{overflow-wrap:anywhere}
footer{font-size:13px}
`;

const DRAWINGS = `
svg{display:block;overflow:visible}
.chart{width:100%;height:auto;font-size:11.5px}
.chart text,.scale-text{fill:var(--muted)}
.scale-text{font-size:12px}
.grid line{stroke:var(--grid);stroke-width:1}
.curve{fill:none;stroke-linejoin:round}
.reference{stroke:var(--text);stroke-width:1;stroke-dasharray:2 3;opacity:.65}
.chart .reference-label{fill:var(--text);opacity:.8;paint-order:stroke;stroke:var(--card);stroke-width:3px}
.zone-clean{fill:var(--clean);opacity:.38}
.zone-between{fill:var(--inconclusive);opacity:.38}
.zone-backdoored{fill:var(--backdoored);opacity:.38}
.scale-line{stroke:var(--text);stroke-width:1.2}
.marker path{fill:var(--text)}
.marker line{stroke:var(--text);stroke-width:2.5}
.marker-text{fill:var(--text);font-size:13.5px;font-weight:650}
.cloud-range{fill:none;stroke:var(--series-0);stroke-dasharray:3 4;opacity:.5}
.cloud-1{fill:var(--series-0);opacity:.16}
.cloud-2{fill:var(--series-0);opacity:.09}
.cloud-mean{stroke:var(--series-0);stroke-width:1.6}
.dot{fill:var(--series-0);opacity:.6}
.walk{stroke:var(--muted);stroke-width:1;opacity:.7}
.walk-start{fill:var(--muted)}
.mark-circle{fill:var(--backdoored);stroke:var(--backdoored);stroke-width:1.2}
.mark-square{fill:var(--muted);stroke:var(--muted);stroke-width:1.2}
.hollow{stroke-dasharray:3 2}
.ring{fill:none;stroke:var(--backdoored);stroke-width:1.8}
.chart .mark-label{fill:var(--text);font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:3px}
.strip-range{fill:var(--border);opacity:.55}
.strip-deviation{fill:var(--border)}
.strip-target{stroke:var(--text);stroke-width:2}
.strip-before{fill:var(--series-0);fill-opacity:.8}
.strip-after{fill:var(--series-1);fill-opacity:.8}
`;

const STATES = ["backdoored", "clean", "inconclusive", "error"] as const;
const STATE_COLOURS = STATES.map(
  (state) =>
    `.badge.${state},.counts .${state}${state === "error" ? ",.counts .errors" : ""}` +
    `{background:var(--${state}-soft);color:var(--${state})}`,
).join("\n");

const NARROW = `
@media (max-width:720px){
body{padding:18px 12px 28px}
.card{padding:16px 14px}
.plane{grid-template-columns:minmax(0,1fr)}
.fact-groups{columns:1}
.figures{grid-template-columns:repeat(auto-fill,minmax(145px,1fr));gap:12px 14px}
.strip-row+.strip-row{margin-top:6px}
.strip-row{grid-template-columns:minmax(0,1fr);gap:0}
.strip-name{padding:0}
}`;

const PRINT = `
@media print{
:root{color-scheme:light;${variables(1)};--page:#ffffff}
body{max-width:none;padding:0;font-size:12px}
.card{border-radius:0;padding:14px 0;border-width:3px 0 0}
.model+.model{break-before:page}
h2,h3,h4{break-after:avoid}
tr,figure,.figures{break-inside:avoid}
.scroll{overflow:visible}
.scroll td{white-space:normal}
a{color:inherit;text-decoration:none}
.charts{grid-template-columns:1fr 1fr}
.gallery{grid-template-columns:1fr 1fr}
.plane{grid-template-columns:3fr 2fr}
.figures{grid-template-columns:repeat(4,1fr)}
.fact-groups{columns:2}
}`;

/** The report's only style sheet: light and dark by the reader's setting, narrow screens, paper. */
export const STYLE_SHEET = `
:root{color-scheme:light dark;${variables(1)}}
@media (prefers-color-scheme:dark){:root{${variables(2)}}}
${LAYOUT}${DRAWINGS}${STATE_COLOURS}${NARROW}${PRINT}
`;
