/* The page of an analysis: picture and plots in step. The plots are there already; this moves the cursor over them. */
import { MOVEMENT_PART, type MovementChart, type MovementData, type MovementPerson } from '../movement-data.js';
import { PART } from '../page-data.js';
import { el, fixed } from './elements.js';
import { embedded } from './parts.js';

const SVG = 'http://www.w3.org/2000/svg';
/** Shares of the video's own speed. */
const RATES = [1, 0.5, 0.25, 0.1];

class Page {
  private at = 0;
  private playing = false;
  private readonly picture = el('img', { alt: '' });
  private readonly skeleton = document.createElementNS(SVG, 'svg');
  private readonly slider: HTMLInputElement;
  private readonly clock = el('output', { class: 'clock' });
  private readonly play = el('button', { onclick: () => this.toggle(), title: 'Play or stop (space)' }, '▶');
  private readonly rate: HTMLSelectElement;
  private readonly cursors: { chart: MovementChart; line: SVGLineElement; outputs: HTMLOutputElement[] }[];

  constructor(private readonly data: MovementData) {
    this.skeleton.setAttribute('viewBox', `0 0 ${data.width} ${data.height}`);
    const last = String(data.frames.length - 1);
    this.slider = el('input', { type: 'range', min: '0', max: last, value: '0', 'aria-label': 'Frame', oninput: () => this.seek(Number(this.slider.value)) }); // prettier-ignore
    this.rate = el('select', { title: 'Speed' }, ...RATES.map((rate) => el('option', { value: String(rate) }, `${rate}×`))); // prettier-ignore
    const frame = el('div', { class: 'frame' }, this.picture, this.skeleton);
    frame.style.aspectRatio = `${data.width} / ${data.height}`;
    document.querySelector('.look')!.append(frame, el('div', { class: 'transport' }, this.play, this.slider, this.rate), this.clock); // prettier-ignore
    const figures = [...document.querySelectorAll('figure')];
    this.cursors = data.charts.map((chart, i) => this.cursorOf(chart, figures[i]));
    document.addEventListener('keydown', (event) => this.key(event));
    this.seek(0);
    document.documentElement.dataset.ready = 'true';
  }

  private cursorOf(chart: MovementChart, figure: HTMLElement): Page['cursors'][0] {
    const svg = figure.querySelector('svg')!;
    const line = document.createElementNS(SVG, 'line');
    line.setAttribute('class', 'cursor');
    line.setAttribute('y1', String(chart.top));
    line.setAttribute('y2', String(chart.bottom));
    svg.append(line);
    const follow = (event: PointerEvent): void => {
      if (event.buttons !== 1) return;
      const { left, width } = svg.getBoundingClientRect();
      const place = ((event.clientX - left) / width) * svg.viewBox.baseVal.width;
      const [[from, to], [x0, x1]] = [chart.times, chart.places];
      this.seekTime(from + ((place - x0) / (x1 - x0)) * (to - from));
    };
    svg.addEventListener('pointerdown', follow);
    svg.addEventListener('pointermove', follow);
    return { chart, line, outputs: [...figure.querySelectorAll('output')] };
  }

  private key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLSelectElement) return;
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity }; // prettier-ignore
    if (event.key === ' ') this.toggle();
    else if (event.key in steps) this.seek(this.at + steps[event.key]);
    else return;
    event.preventDefault();
  }

  private seekTime(seconds: number): void {
    const { times } = this.data;
    this.seek(
      times.reduce((best, time, i) => (Math.abs(time - seconds) < Math.abs(times[best] - seconds) ? i : best), 0),
    );
  }

  private seek(at: number): void {
    this.at = Math.max(0, Math.min(this.data.frames.length - 1, at));
    this.show();
  }

  private toggle(): void {
    this.playing = !this.playing;
    this.play.textContent = this.playing ? '❚❚' : '▶';
    if (!this.playing) return;
    if (this.at === this.data.frames.length - 1) this.seek(0);
    const { times, slowMotion } = this.data;
    const speed = Number(this.rate.value) / slowMotion;
    const [begun, from] = [performance.now(), times[this.at]];
    const tick = (): void => {
      if (!this.playing) return;
      const now = from + ((performance.now() - begun) / 1000) * speed;
      while (this.at < times.length - 1 && times[this.at + 1] <= now) this.at++;
      this.show();
      if (this.at === times.length - 1) this.toggle();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  private show(): void {
    const { frames, times, folder, pictures, people, slowMotion } = this.data;
    const frame = frames[this.at];
    this.slider.value = String(this.at);
    const slow = slowMotion === 1 ? '' : ` of life, ${fixed(times[this.at] * slowMotion, 3)} s in the video`;
    this.clock.textContent = `frame ${frame} · ${fixed(times[this.at], 3)} s${slow}`;
    if (pictures.length > 0) this.picture.src = pictureOf(nearest(pictures, frame), folder);
    this.picture.hidden = pictures.length === 0;
    this.skeleton.replaceChildren(...people.flatMap((person) => limbsOf(person, frame, this.data.width)));
    for (const { chart, line, outputs } of this.cursors) {
      const [[from, to], [x0, x1]] = [chart.times, chart.places];
      const x = x0 + ((times[this.at] - from) / (to - from)) * (x1 - x0);
      line.setAttribute('x1', String(x));
      line.setAttribute('x2', String(x));
      line.toggleAttribute('hidden', x < x0 - 1 || x > x1 + 1);
      const person = people[chart.person];
      const sample = (frame - person.first) / person.stride;
      chart.lines.forEach(({ values }, i) => (outputs[i].textContent = fixed(values[sample] ?? NaN, chart.unit.startsWith('°') ? 0 : 2))); // prettier-ignore
    }
  }
}

/** The last picture that is not after a frame. */
function nearest(pictures: readonly number[], frame: number): number {
  return pictures.reduce((best, picture) => (picture <= frame ? picture : best), pictures[0]);
}

function pictureOf(frame: number, folder: string | null): string {
  const name = PART.picture(frame);
  return folder === null
    ? `data:image/jpeg;base64,${document.getElementById(name)!.textContent}`
    : `${encodeURIComponent(folder)}/${name}.jpg`;
}

function limbsOf(person: MovementPerson, frame: number, width: number): SVGLineElement[] {
  const sample = (frame - person.first) / person.stride;
  return person.limbs.flatMap(({ side, places }) => {
    const ends = places.slice(4 * sample, 4 * sample + 4);
    if (ends.length < 4 || ends.includes(null)) return [];
    const line = document.createElementNS(SVG, 'line');
    ['x1', 'y1', 'x2', 'y2'].forEach((name, i) => line.setAttribute(name, String(ends[i])));
    line.setAttribute('class', side);
    line.setAttribute('stroke-width', String(width / 220));
    return [line];
  });
}

new Page(JSON.parse(new TextDecoder().decode(embedded(MOVEMENT_PART.data)!)) as MovementData);
