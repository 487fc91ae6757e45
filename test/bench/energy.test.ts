import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EnergyMeter } from '../../src/bench/energy.js';

describe('energy counters', () => {
  let root: string;
  const write = (name: string, microjoules: number, range = 1000_000_000): void => {
    mkdirSync(path.join(root, name), { recursive: true });
    writeFileSync(path.join(root, name, 'energy_uj'), `${microjoules}\n`);
    writeFileSync(path.join(root, name, 'max_energy_range_uj'), `${range}\n`);
  };
  beforeEach(() => (root = mkdtempSync(path.join(os.tmpdir(), 'glpose-energy-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  test('sums the packages, not their parts, and survives a counter that starts again', () => {
    write('intel-rapl:0', 2_000_000);
    write('intel-rapl:0:0', 5);
    write('intel-rapl:1', 999_000_000);
    const meter = new EnergyMeter(root);
    write('intel-rapl:0', 5_000_000);
    write('intel-rapl:0:0', 900_000_000);
    write('intel-rapl:1', 1_000_000);
    expect(meter.joules()).toBeCloseTo(3 + 2, 9);
  });

  test('no counters, or none that may be read: null', () => {
    expect(new EnergyMeter(root).joules()).toBeNull();
    expect(new EnergyMeter(path.join(root, 'missing')).joules()).toBeNull();
  });
});
