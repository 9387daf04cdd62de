// The part of ECharts every chart needs. Pages register only the series they draw, so that the map
// does not load the dashboard's charts and the other way round.
import { init, registerMap, use } from 'echarts/core';
import { TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

use([TooltipComponent, SVGRenderer]);

export { init, registerMap, use };
export type { EChartsType } from 'echarts/core';

export const palette = {
	ink: '#12283f',
	action: '#0059b3',
	terracotta: '#a5431f',
	green: '#00693c',
	violet: '#4c3f94',
	ochre: '#b87c00',
	stone: '#e4ddd0',
	stoneDark: '#8b8272',
	paper: '#faf7f2'
};

export const fontFamily = "'Titillium Web', system-ui, sans-serif";
