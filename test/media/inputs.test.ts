import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findVideos } from '../../src/media/inputs.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'glpose-inputs-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes empty files; what they hold does not matter for finding them. */
async function files(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), '');
  }
}

async function found(...names: string[]): Promise<string[]> {
  const { videos, failures } = await findVideos(names.map((name) => path.join(root, name)));
  expect(failures).toEqual([]);
  return videos.map((video) => {
    const place = path.relative(root, video.path);
    return `${video.name} = ${place}${video.kind === 'images' ? ` [${video.files.join(' ')}]` : ''}`;
  });
}

test('video files in the order given', async () => {
  await files('b.mp4', 'a.MKV', 'unknown.xyz');
  expect(await found('b.mp4', 'a.MKV', 'unknown.xyz')).toEqual(['b = b.mp4', 'a = a.MKV', 'unknown = unknown.xyz']);
});

test('a folder of videos in natural order, without its other and hidden files', async () => {
  await files('v/clip10.mp4', 'v/clip2.avi', 'v/clip1.webm', 'v/.hidden.mp4', 'v/notes.txt', 'v/thumbnail.jpg');
  expect(await found('v')).toEqual(['clip1 = v/clip1.webm', 'clip2 = v/clip2.avi', 'clip10 = v/clip10.mp4']);
});

test('a folder of images is one video, its frames in natural order', async () => {
  await files('walk/10.jpg', 'walk/9.jpg', 'walk/1.PNG', 'walk/readme.md', 'walk/masks/1.png');
  expect(await found('walk')).toEqual(['walk = walk [1.PNG 9.jpg 10.jpg]']);
  expect(await found('walk/')).toEqual(['walk = walk [1.PNG 9.jpg 10.jpg]']);
});

test('a folder of such folders', async () => {
  await files('set/b/000000.jpg', 'set/b/000001.jpg', 'set/a/1.webp', 'set/more/x.mp4', 'set/empty/notes.txt');
  expect(await found('set')).toEqual(['a = set/a [1.webp]', 'b = set/b [000000.jpg 000001.jpg]', 'x = set/more/x.mp4']);
});

test('one image is a video of one frame', async () => {
  await files('photos/a.jpg', 'photos/b.jpg');
  expect(await found('photos/b.jpg')).toEqual(['b = photos [b.jpg]']);
  expect(await found('photos/b.jpg', 'photos/a.jpg')).toEqual(['b = photos [b.jpg]', 'a = photos [a.jpg]']);
});

test('a link to a folder counts as the folder', async () => {
  await files('real/1.png');
  await symlink(path.join(root, 'real'), path.join(root, 'link'));
  expect(await found('link')).toEqual(['link = link [1.png]']);
});

test('a video that two paths lead to is taken once', async () => {
  await files('v/a.mp4', 'v/b.mp4');
  expect(await found('v/b.mp4', 'v', 'v/../v/a.mp4')).toEqual(['b = v/b.mp4', 'a = v/a.mp4']);
});

describe('names are unique', () => {
  test('the same name with other extensions keeps the extension', async () => {
    await files('walk.mp4', 'walk.avi', 'other.mp4');
    expect(await found('walk.mp4', 'walk.avi', 'other.mp4')).toEqual([
      'walk.mp4 = walk.mp4',
      'walk.avi = walk.avi',
      'other = other.mp4',
    ]);
  });

  test('the same name in other folders is numbered, past names that are there', async () => {
    await files('a/cam.mp4', 'b/cam.mp4', 'c/cam.mp4-2/1.jpg');
    expect(await found('a/cam.mp4', 'b/cam.mp4', 'c/cam.mp4-2')).toHaveLength(3);
    const names = (await found('c/cam.mp4-2', 'a/cam.mp4', 'b/cam.mp4')).map((line) => line.split(' = ')[0]);
    expect(names).toEqual(['cam.mp4-2', 'cam.mp4', 'cam.mp4-3']);
  });

  test('also where only the case differs', async () => {
    await files('a/Cam.mp4', 'b/cam.mp4');
    const names = (await found('a/Cam.mp4', 'b/cam.mp4')).map((line) => line.split(' = ')[0].toLowerCase());
    expect(new Set(names).size).toBe(2);
  });
});

test('a bad path does not stop the others, and each says what to do', async () => {
  await files('ok.mp4', 'texts/a.txt');
  await mkdir(path.join(root, 'empty'));
  const given = ['missing.mp4', 'empty', 'ok.mp4', 'texts', 'ok.mp4/inside'].map((name) => path.join(root, name));
  const { videos, failures } = await findVideos(given);
  expect(videos.map(({ name }) => name)).toEqual(['ok']);
  expect(failures.map((failure) => failure.path)).toEqual([given[0], given[1], given[3], given[4]]);
  const messages = failures.map(({ error }) => error.message.replaceAll(root, ''));
  expect(messages[0]).toBe('/missing.mp4 does not exist. Check the path.');
  expect(messages[1]).toMatch(
    /^the folder \/empty is empty\. Videos are files ending in mp4, .*; frames are images ending in jpg, /,
  );
  expect(messages[2]).toMatch(/^the folder \/texts holds no videos and no images\. /);
  expect(messages[3]).toBe('/ok.mp4/inside does not exist. Check the path.');
  for (const { error } of failures) expect(error.code).toBe('INPUT');
});

test('a device or pipe is refused', async () => {
  const { failures } = await findVideos(['/dev/null']);
  expect(failures[0].error.message).toMatch(/^\/dev\/null is neither a file nor a folder\. /);
});

const isRoot = process.getuid?.() === 0;
(isRoot ? test.skip : test)(
  `a folder without permission is named${isRoot ? ' (skipped: root may read all)' : ''}`,
  async () => {
    await files('locked/a.mp4');
    await chmod(path.join(root, 'locked'), 0);
    const { failures } = await findVideos([path.join(root, 'locked')]);
    await chmod(path.join(root, 'locked'), 0o700);
    expect(failures[0].error.message).toMatch(/locked may not be read\. Check its permissions\.$/);
  },
);

test('a link that leads nowhere inside a folder of folders is passed over', async () => {
  await files('set/a/1.png');
  await symlink(path.join(root, 'gone'), path.join(root, 'set', 'b'));
  expect(await found('set')).toEqual(['a = set/a [1.png]']);
});

test('a folder that is called like a video is a folder: here, of frames', async () => {
  await files('set/clip1.avi/00001.jpg', 'set/clip2.avi/00001.jpg', 'set/a.jpg/1.png');
  expect(await found('set')).toEqual([
    'a.jpg = set/a.jpg [1.png]',
    'clip1.avi = set/clip1.avi [00001.jpg]',
    'clip2.avi = set/clip2.avi [00001.jpg]',
  ]);
});

test('links count as what they lead to; what is no file is left out', async () => {
  await files('real/b.dat', 'frames/1.png', 'set/a.mp4');
  await symlink(path.join(root, 'real/b.dat'), path.join(root, 'set/b.mp4'));
  await symlink(path.join(root, 'frames'), path.join(root, 'set/c.mp4'));
  await symlink('/dev/null', path.join(root, 'set/d.mp4'));
  await symlink(path.join(root, 'gone'), path.join(root, 'set/e.mp4'));
  expect(await found('set')).toEqual(['a = set/a.mp4', 'b = set/b.mp4']);
});

describe('what a mixed folder holds besides is told', () => {
  async function warnings(...names: string[]): Promise<string[]> {
    const found = await findVideos(names.map((name) => path.join(root, name)));
    return found.warnings.map((warning) => warning.replaceAll(`${root}/`, ''));
  }

  test('folders and images beside videos', async () => {
    await files('ds/preview.mp4', 'ds/notes.txt', 'ds/2.jpg', 'ds/p1/1.jpg', 'ds/p2/1.jpg', 'ds/texts/a.txt');
    expect(await found('ds')).toEqual(['preview = ds/preview.mp4']);
    expect(await warnings('ds')).toEqual([
      'ds: images beside videos are passed over: 1 (2.jpg). Frames need a folder of their own.',
      'ds: folders with videos or images are passed over: 2 (p1, p2). Give their own paths to have them, too.',
    ]);
  });

  test('folders beside frames, and those too far down', async () => {
    await files('walk/1.jpg', 'walk/masks/1.png', 'set/a/1.jpg', ...[1, 2, 3, 4].map((i) => `set/group/${i}/1.jpg`));
    expect(await warnings('walk', 'set')).toEqual([
      expect.stringMatching(/^walk: folders .* passed over: 1 \(masks\)/),
      expect.stringMatching(/^set: folders .* passed over: 4 \(group\/1, group\/2, group\/3, …\)/),
    ]);
  });

  test('but nothing of what another path leads to', async () => {
    await files('ds/preview.mp4', 'ds/p1/1.jpg', 'ds/p2/a.mp4', 'ds/p2/b.mp4');
    expect(await warnings('ds', 'ds/p1', 'ds/p2')).toEqual([]);
    expect(await warnings('ds', 'ds/p1', 'ds/p2/a.mp4')).toEqual([expect.stringMatching(/1 \(p2\)/)]);
  });

  test('nothing where nothing is passed over', async () => {
    await files('set/a/1.jpg', 'set/b/x.mp4', 'set/b/notes.txt');
    expect(await warnings('set', 'set/a')).toEqual([]);
  });
});

describe('what is passed over', () => {
  const foundWith = async (name: string): Promise<{ warnings: string[]; videos: string[] }> => {
    const { videos, warnings } = await findVideos([path.join(root, name)]);
    const short = (text: string): string => text.replaceAll(`${root}/`, '');
    return { warnings: warnings.map(short), videos: videos.map((video) => short(video.path)) };
  };

  test('pictures of kinds that are not read, among frames', async () => {
    await files('walk/1.png', 'walk/2.bmp', 'walk/3.png', 'walk/4.HEIC', 'walk/notes.txt');
    expect((await foundWith('walk')).warnings).toEqual([
      'walk: pictures of kinds that are not read are passed over: 2 (2.bmp, 4.HEIC). Convert them, to png for instance, to have them, too.',
    ]);
  });

  test('links that lead nowhere, among videos and among frames', async () => {
    await files('set/a.mp4', 'walk/1.png');
    for (const link of ['set/b.mp4', 'set/readme', 'walk/2.png']) await symlink('gone', path.join(root, link));
    expect((await foundWith('set')).warnings).toEqual([
      expect.stringMatching(/^set: links that lead nowhere are passed over: 1 \(b\.mp4\)\. .*git annex get/),
    ]);
    expect((await foundWith('walk')).warnings).toEqual([expect.stringMatching(/^walk: links .* 1 \(2\.png\)/)]);
  });

  test('a folder of nothing but such links is told as one', async () => {
    await mkdir(path.join(root, 'annex'));
    await symlink('gone', path.join(root, 'annex', 'a.mp4'));
    const { failures } = await findVideos([path.join(root, 'annex')]);
    expect(failures[0].error.message).toMatch(/no videos and no images, but 1 links that lead nowhere \(a\.mp4\)/);
  });

  test('what systems put into folders', async () => {
    await files('set/a.mp4', 'set/@eaDir/a.mp4/SYNOVIDEO.jpg', 'more/@eaDir/x.mp4', 'more/b/1.png');
    expect(await foundWith('set')).toEqual({ warnings: [], videos: ['set/a.mp4'] });
    expect(await foundWith('more')).toEqual({ warnings: [], videos: ['more/b'] });
  });
});

test('a file that two links lead to is taken once', async () => {
  await files('real/a.mp4');
  await mkdir(path.join(root, 'set'));
  for (const link of ['b.mp4', 'c.mp4']) await symlink(path.join(root, 'real/a.mp4'), path.join(root, 'set', link));
  expect(await found('set', 'real')).toEqual(['b = set/b.mp4']);
});

test('what is to be left out is no input, and nothing is said of it', async () => {
  await files('in/a/1.mp4', 'in/render/1.mp4');
  const written = path.join(root, 'in/render/1.mp4');
  const { videos, warnings } = await findVideos([path.join(root, 'in')], {
    leaveOut: (place) => Promise.resolve(place === written),
  });
  expect(videos.map((video) => video.path)).toEqual([path.join(root, 'in/a/1.mp4')]);
  expect(warnings).toEqual([]);
});

test.each(['https://example.org/a.mp4', 'rtsp://camera/1', 'file:///a.mp4'])(
  '%s is told as an address',
  async (url) => {
    const { failures } = await findVideos([url]);
    expect(failures).toMatchObject([{ path: url, error: { code: 'INPUT' } }]);
    expect(failures[0].error.message).toContain(`${url} is an address: only files are read`);
  },
);

test('no name leads out of the output folder', async () => {
  await files('...mp4', '..png');
  expect(await found('...mp4', '..png')).toEqual(['...mp4 = ...mp4', '..png =  [..png]']);
});
