// The dashboard's charts: what each draws and the table that says the same in words. Colours are
// told apart by lightness too, and lines by their dashes.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import type { EChartsCoreOption } from 'echarts/core';
import { fontFamily, palette, use } from './core';

use([BarChart, LineChart, GridComponent, LegendComponent]);

const text = { fontFamily, color: palette.ink, fontSize: 13 };

const still = matchMedia('(prefers-reduced-motion: reduce)').matches;

function base(): EChartsCoreOption {
	return {
		animation: !still,
		animationDuration: 300,
		animationDurationUpdate: 500,
		textStyle: text,
		legend: { top: 0, left: 0, itemGap: 14, itemWidth: 16, itemHeight: 10, textStyle: text },
		grid: { left: 6, right: 12, top: 46, bottom: 4, containLabel: true },
		tooltip: { trigger: 'axis', confine: true, textStyle: text }
	};
}

const category = (data: string[]) => ({
	type: 'category',
	data,
	axisTick: { show: false },
	axisLine: { lineStyle: { color: palette.stoneDark } },
	axisLabel: { ...text, fontSize: 12, hideOverlap: true }
});

const amount = {
	type: 'value',
	minInterval: 1,
	splitLine: { lineStyle: { color: palette.stone } },
	axisLabel: { ...text, fontSize: 12 }
};

export interface Column {
	name: string;
	/** Null where nothing is known yet, such as the hours still to come. */
	values: (number | null)[];
	as: 'bar' | 'line' | 'limit' | 'area';
	colour: string;
}

/** Columns over shared labels: bars side by side, lines over them, a dashed limit. */
export function overTime(labels: string[], columns: Column[]): EChartsCoreOption {
	return {
		...base(),
		xAxis: category(labels),
		yAxis: amount,
		series: columns.map(({ name, values, as, colour }) => ({
			id: name,
			name,
			data: values,
			color: colour,
			...(as === 'bar'
				? {
						type: 'bar',
						barGap: '10%',
						barCategoryGap: '28%',
						barMaxWidth: 22,
						itemStyle: { borderRadius: [2, 2, 0, 0] }
					}
				: {
						type: 'line',
						symbol: as === 'limit' ? 'none' : 'circle',
						symbolSize: 6,
						step: as === 'limit' ? 'middle' : undefined,
						lineStyle: { width: as === 'limit' ? 1.5 : 2.5, type: as === 'limit' ? 'dashed' : 'solid' },
						areaStyle: as === 'area' ? { opacity: 0.14 } : undefined
					})
		}))
	};
}

/** Shares of a whole as labelled horizontal bars: easier to compare than slices of a pie. */
export function mix(labels: string[], values: number[], colour: string, name: string): EChartsCoreOption {
	return {
		...base(),
		legend: { show: false },
		grid: { left: 6, right: 44, top: 4, bottom: 4, containLabel: true },
		xAxis: { ...amount, show: false },
		yAxis: { ...category(labels), inverse: true, axisLine: { show: false } },
		series: [
			{
				id: name,
				name,
				type: 'bar',
				data: values,
				color: colour,
				barMaxWidth: 24,
				itemStyle: { borderRadius: [0, 2, 2, 0] },
				label: { show: true, position: 'right', ...text, fontWeight: 600 }
			}
		]
	};
}
