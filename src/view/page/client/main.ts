/* The page: data in, interface up. */
import { PART, type PageHeader } from '../page-data.js';
import { unpack } from '../packet.js';
import { decodeColumns } from '../pose-columns.js';
import { keepInAddress } from './address.js';
import { filters, STATE_AT_FIRST, transport } from './controls.js';
import { el } from './elements.js';
import { keyboard } from './keyboard.js';
import { embedded, inflated, Parts } from './parts.js';
import { Player } from './player.js';
import { Problems } from './problems.js';
import { SeverityColours } from './severity-colours.js';
import { Stage } from './stage.js';
import { Store } from './state.js';
import { TimeAxis } from './time-axis.js';
import { Timeline } from './timeline.js';
import { TrackLanes } from './track-lanes.js';
import { Tracks } from './tracks.js';
import { Video } from './video.js';
import { planOf, WhyPanel } from './why.js';

async function open(): Promise<void> {
  const { header, bytes } = unpack<PageHeader>(await inflated(embedded(PART.poses)!));
  document.title = `${header.name} – glpose`;
  if (header.frames.index.length === 0) {
    document.body.append(el('p', { class: 'fatal' }, `${header.name} has no frames.`));
    return;
  }
  const video = new Video(header, decodeColumns(bytes, header.sizes));
  const parts = new Parts(header);
  const store = new Store(STATE_AT_FIRST);
  const plan = planOf(header);
  const colours = new SeverityColours();
  const axis = new TimeAxis(video.frameCount);
  const tracks = new Tracks(video, store);
  const player = new Player(video, parts, store);
  const stage = new Stage(video, tracks, parts, store, plan);
  const problems = new Problems(header.problems, store);
  const timeline = new Timeline(video, tracks, parts, store, axis, colours, problems);
  const lanes = new TrackLanes(video, store, axis, colours);
  const why = new WhyPanel(video, parts, store, plan);
  const { dialog, button } = keyboard(video, tracks, store, player, stage, problems);
  document.body.append(
    el('header', { class: 'title' }, el('h1', {}, header.name), el('span', { class: 'quiet' }, about(video)), button),
    ...warnings(header),
    el(
      'main',
      {},
      el('div', { class: 'look' }, stage.element, transport(video, store, player)),
      why.element,
      el(
        'div',
        { class: 'times' },
        problems.element(),
        filters(store, tracks, axis, colours),
        timeline.element,
        lanes.element,
      ),
    ),
    dialog,
  );
  keepInAddress(video, store);
  document.documentElement.dataset.ready = 'true';
}

function about(video: Video): string {
  const { header } = video;
  const people = header.tracked ? `${header.tracks.length} people` : `${video.poseCount} poses, not tracked`;
  const rate = header.fps === null ? '' : `, ${Number(header.fps.toFixed(2))} frames/s`;
  const made = header.madeBy === '' ? '' : ` · ${header.madeBy}`;
  return `${video.frameCount} frames · ${people} · ${header.width} × ${header.height}${rate}${made}`;
}

function warnings({ warnings: some }: PageHeader): HTMLElement[] {
  return some.map((warning) => el('p', { class: 'warning' }, warning));
}

open().catch((thrown: unknown) => {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  document.body.append(
    el('p', { class: 'fatal' }, `This page cannot be shown: ${reason}. A browser of 2023 or later is needed.`),
  );
  throw thrown;
});
