// Charts on uPlot: minutes of the live board, hours of the KPI report.  The table beside a chart is its text.

import uPlot from "./vendor/uplot/uPlot.esm.js";
import { t } from "./words.js";

export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function axes(format) {
  const ink = colour("--secondary");
  const grid = { stroke: colour("--line"), width: 1 };
  const font = '13px "Noto Sans JP", sans-serif';
  return [
    { stroke: ink, grid: { show: false }, ticks: grid, font, size: 26, gap: 2, ...format },
    { stroke: ink, grid, ticks: { show: false }, font, size: 44, gap: 4, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
  ];
}

function hatched() {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour("--chart-answers");
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(0, 6);
  pen.lineTo(6, 0);
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

function mount(box, options, data) {
  const size = () => ({ width: Math.max(200, box.clientWidth), height: Math.max(90, box.clientHeight) });
  const plot = new uPlot({ ...options, ...size() }, data, box);
  new ResizeObserver(() => {
    const { width, height } = size();
    if (Math.abs(width - plot.width) > 1 || Math.abs(height - plot.height) > 1) plot.setSize({ width, height });
  }).observe(box);
  return plot;
}

export function minutesChart(box, zone) {
  const line = (label, name, dash, width = 2) => ({ label, stroke: colour(name), width, dash, points: { show: false } });
  return mount(
    box,
    {
      legend: { show: false },
      cursor: { y: false },
      padding: [8, 24, 0, 0],
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
      scales: { x: { time: true }, y: { range: (_, low, high) => [0, Math.max(4, high * 1.1)] } },
      axes: axes({ values: (_, ticks) => ticks.map((at) => new Intl.DateTimeFormat("ja-JP", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at * 1000))) }),
      series: [
        {},
        line(t("発信"), "--chart-dials", undefined, 1.5),
        line(t("接続"), "--chart-answers"),
        line(t("通話"), "--chart-answers", [4, 3], 1.5),
        line(t("放棄"), "--chart-abandons"),
      ],
    },
    [[], [], [], [], []],
  );
}

export function hoursChart(box, data) {
  const bars = (label, fill, place) => ({
    label,
    fill,
    stroke: fill,
    width: 0,
    paths: uPlot.paths.bars({ size: [0.26, 60], align: 0 }),
    points: { show: false },
    value: (_, value) => value ?? "—",
    place,
  });
  const shift = (place) => (plot, index, from, to) => shifted(plot, index, from, to, place);
  const dials = colour("--chart-dials");
  const answers = colour("--chart-answers");
  const wins = colour("--chart-wins");
  const series = [bars(t("発信"), dials, -1), bars(t("接続"), answers, 0), { ...bars(t("通話"), answers, 1), fill: () => hatched(), stroke: answers, width: 1 }];
  for (const one of series) one.paths = shift(one.place);
  return mount(
    box,
    {
      legend: { show: false },
      cursor: { show: false },
      padding: [12, 8, 0, 0],
      scales: { x: { time: false, range: () => [data.hours[0] - 0.6, data.hours.at(-1) + 0.6] }, y: { range: (_, low, high) => [0, Math.max(5, high * 1.1)] }, rate: { range: (_, low, high) => [0, Math.max(5, (high || 0) * 1.3)] } },
      axes: [
        ...axes({ values: (_, ticks) => ticks.map((hour) => (Number.isInteger(hour) ? t("{n}時", { n: String(hour % 24).padStart(2, "0") }) : "")), splits: () => data.hours }),
        { scale: "rate", side: 1, stroke: colour("--secondary"), grid: { show: false }, font: '13px "Noto Sans JP", sans-serif', size: 52, space: 60, values: (_, ticks) => ticks.map((value) => `${value}%`) },
      ],
      series: [{}, ...series, { label: t("獲得率"), scale: "rate", stroke: wins, width: 2, spanGaps: true, points: { show: true, size: 7, fill: wins } }],
    },
    [data.hours, data.dials, data.answers, data.talks, data.rates],
  );
}

function shifted(plot, index, from, to, place) {
  const width = Math.max(4, (plot.bbox.width / (plot.data[0].length + 1)) * 0.24);
  const fill = new Path2D();
  for (let at = from; at <= to; at += 1) {
    const value = plot.data[index][at];
    if (value == null) continue;
    const x = plot.valToPos(plot.data[0][at], "x", true) + (place - 0.5) * width * 1.1;
    const y = plot.valToPos(value, "y", true);
    fill.rect(x, y, width, plot.valToPos(0, "y", true) - y);
  }
  return { stroke: fill, fill };
}
