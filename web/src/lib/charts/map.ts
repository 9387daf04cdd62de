// The map of Italy: region outlines and one point per venue. Shape and colour both tell the kind,
// so that the map can be read without colours.
import { GeoComponent } from 'echarts/components';
import { ScatterChart } from 'echarts/charts';
import type { EChartsCoreOption } from 'echarts/core';
import outlines from '../../../../samples/regions.geojson?url';
import type { Venue, VenueKind } from '$lib/api/types';
import { fontFamily, palette, registerMap, use } from './core';

use([GeoComponent, ScatterChart]);

const NAME = 'reg_name';

interface Outline {
	properties: Record<string, string>;
	geometry: { coordinates: unknown };
}

/** West, south, east, north of a region, in degrees. */
type Bounds = [number, number, number, number];

export type RegionBounds = Map<string, Bounds>;

/** Loads and registers the outlines; answers where each region lies. */
export async function loadRegions(): Promise<RegionBounds> {
	const response = await fetch(outlines);
	if (!response.ok) throw new Error(`region outlines: status ${response.status}`);
	const geojson = (await response.json()) as { features: Outline[] };
	registerMap('italy', geojson as never);
	return new Map(
		geojson.features.map((outline) => [
			outline.properties[NAME] ?? '',
			boundsOf(outline.geometry.coordinates, [180, 90, -180, -90])
		])
	);
}

function boundsOf(coordinates: unknown, bounds: Bounds): Bounds {
	if (!Array.isArray(coordinates)) return bounds;
	const [x, y] = coordinates as [unknown, unknown];
	if (typeof x === 'number' && typeof y === 'number') {
		const [west, south, east, north] = bounds;
		return [Math.min(west, x), Math.min(south, y), Math.max(east, x), Math.max(north, y)];
	}
	return coordinates.reduce<Bounds>((soFar, part) => boundsOf(part, soFar), bounds);
}

export const marks: Record<VenueKind, { symbol: string; colour: string }> = {
	MUSEUM: { symbol: 'circle', colour: palette.terracotta },
	LIBRARY: { symbol: 'triangle', colour: palette.green },
	ARCHIVE: { symbol: 'diamond', colour: palette.violet }
};

export interface MapPoint {
	name: string;
	value: [number, number];
	venue: Venue;
}

interface MapView {
	venues: Venue[];
	withVenues: Set<string>;
	region: string;
	bounds: RegionBounds;
	describe: (venue: Venue) => string;
}

export function mapOption({ venues, withVenues, region, bounds, describe }: MapView): EChartsCoreOption {
	const near = bounds.get(region);
	return {
		tooltip: {
			trigger: 'item',
			confine: true,
			textStyle: { fontFamily, color: palette.ink, fontSize: 14 },
			formatter: (item: { data?: MapPoint }) => (item.data?.venue ? describe(item.data.venue) : '')
		},
		geo: {
			map: 'italy',
			nameProperty: NAME,
			roam: false,
			left: 8,
			right: 8,
			top: 8,
			bottom: 8,
			boundingCoords: near
				? [
						[near[0], near[3]],
						[near[2], near[1]]
					]
				: [
						[6.5, 47.2],
						[18.6, 36.6]
					],
			tooltip: { show: false },
			itemStyle: { areaColor: '#efe9de', borderColor: '#cbbfa9', borderWidth: 0.8 },
			emphasis: { label: { show: false }, itemStyle: { areaColor: '#ecd9cb' } },
			select: { disabled: true },
			regions: [...bounds.keys()].map((name) => ({
				name,
				silent: !withVenues.has(name),
				itemStyle: {
					areaColor: name === region ? '#f3e6d3' : withVenues.has(name) ? '#e3d8c4' : '#f1ece3',
					borderColor: name === region ? palette.terracotta : '#b9aa90',
					borderWidth: name === region ? 1.8 : 0.8
				}
			}))
		},
		series: (Object.keys(marks) as VenueKind[]).map((kind) => ({
			type: 'scatter',
			id: kind,
			coordinateSystem: 'geo',
			symbol: marks[kind].symbol,
			symbolSize: (near ? 14 : 9) + (kind === 'MUSEUM' ? 0 : 3),
			itemStyle: { color: marks[kind].colour, borderColor: '#fff', borderWidth: 1, opacity: 0.92 },
			emphasis: { scale: 1.5 },
			cursor: 'pointer',
			data: venues
				.filter((venue) => venue.kind === kind)
				.map((venue): MapPoint => ({
					name: venue.name,
					value: [venue.longitude, venue.latitude],
					venue
				}))
		}))
	};
}
