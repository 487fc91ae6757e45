"""Makes what oks.test.ts is held against: random annotations and predictions, and pycocotools' figures for them.

    pip install pycocotools && python3 oks.py     writes oks-annotations.json, oks-predictions.json, oks-figures.json

Small and large people, crowd regions, people without joints, predictions of equal score, and images with more than twenty of them.
"""

import json
import os

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

IMAGES = 24
JOINTS = (
    'nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist '
    'left_hip right_hip left_knee right_knee left_ankle right_ankle'
).split()
FIGURES = ['ap', 'ap50', 'ap75', 'apMedium', 'apLarge', 'ar', 'ar50', 'ar75', 'arMedium', 'arLarge']

rng = np.random.default_rng(11)
here = os.path.dirname(os.path.abspath(__file__))


def numbers(values):
    return [round(float(value), 2) for value in np.ravel(values)]


images, annotations, predictions = [], [], []
for image in rng.choice(10**6, IMAGES, replace=False).tolist():
    images.append({'id': image, 'file_name': f'{image:012d}.jpg', 'width': 640, 'height': 480})
    for _ in range(rng.integers(0, 5)):
        size = float(rng.choice([20, 60, 150, 300]))
        corner = rng.uniform(0, 300, 2)
        places = corner + rng.uniform(0, size, (17, 2))
        visible = rng.choice([0, 1, 2], 17) * (rng.random() < 0.9)
        keypoints = np.column_stack([places, visible]) * (visible[:, None] > 0)
        annotations.append({
            'id': len(annotations) + 1, 'image_id': image, 'category_id': 1, 'iscrowd': int(rng.random() < 0.1),
            'num_keypoints': int((visible > 0).sum()), 'keypoints': numbers(keypoints),
            'bbox': numbers([*corner, size, size]), 'area': round(0.6 * size**2, 1),
        })  # fmt: skip
        for _ in range(rng.integers(0, 3)):
            found = places + rng.normal(0, size * rng.choice([0.01, 0.05, 0.15]), (17, 2))
            score = float(rng.choice([0.5, round(rng.random(), 3)]))
            keypoints = numbers(np.column_stack([found, rng.random(17)]))
            predictions.append({'image_id': image, 'category_id': 1, 'keypoints': keypoints, 'score': score})
    for _ in range(25 if len(images) == 3 else 1):
        nowhere = np.column_stack([rng.uniform(0, 640, 17), rng.uniform(0, 480, 17), rng.random(17)])
        score = round(rng.random(), 3)
        predictions.append({'image_id': image, 'category_id': 1, 'keypoints': numbers(nowhere), 'score': score})


def write(name, value):
    with open(os.path.join(here, name), 'w') as file:
        json.dump(value, file, separators=(',', ':'))
        file.write('\n')
    return file.name


category = {'id': 1, 'name': 'person', 'supercategory': 'person', 'keypoints': JOINTS, 'skeleton': []}
truth = COCO(write('oks-annotations.json', {'images': images, 'annotations': annotations, 'categories': [category]}))
results = truth.loadRes(write('oks-predictions.json', predictions))
evaluation = COCOeval(truth, results, 'keypoints')
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
write('oks-figures.json', {name: 100 * value for name, value in zip(FIGURES, evaluation.stats.tolist())})
