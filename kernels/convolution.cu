// kernels/convolution.cu
// Convolution around cuBLAS: columns of what kernels read (im2col), their sum back to an image
// (col2im), and depthwise convolution, which has no matrix to multiply.
//
// A Geometry comes by value; one and two dimensions have leading sizes of 1. Images are (samples,
// channels, size) and contiguous. Columns have a line per (channel, tap) and one element per
// position: element (sample, line, position) lies at sample * sample_step + line * line_step +
// position. Half types are summed in float and rounded once.
//
// gpugrad/ops/convolution/on_cuda.py packs the Geometry and chooses the launches.
#include "rows.cuh"

namespace gg {

struct Geometry {
  int size[3], kernel[3], out[3], stride[3], padding[3], dilation[3];
  GG_FN Count pixels() const { return Count(size[0]) * size[1] * size[2]; }
  GG_FN Count positions() const { return Count(out[0]) * out[1] * out[2]; }
  GG_FN int taps() const { return kernel[0] * kernel[1] * kernel[2]; }
};

// Where the columns lie, and which channels they are for: `count` from `first` on, of each group
// of `group` channels. For a launch over `lines` of (sample, channel) pairs.
struct Columns {
  Count sample_step, line_step, first_position;
  int channels, group, first, count;
};

// A place in a grid of three sizes, last dimension fastest.
struct Place { int at[3]; };

GG_FN Place place_of(Count index, const int (&sizes)[3]) {
  Place p;
  p.at[2] = int(index % sizes[2]);
  index /= sizes[2];
  p.at[1] = int(index % sizes[1]);
  p.at[0] = int(index / sizes[1]);
  return p;
}

// The index that a tap reads for an output place, or -1 in the padding.
GG_FN Count read_at(const Geometry& g, const Place& out, const Place& tap) {
  Count index = 0;
  for (int d = 0; d < 3; ++d) {
    const int at = out.at[d] * g.stride[d] - g.padding[d] + tap.at[d] * g.dilation[d];
    if (at < 0 || at >= g.size[d]) return -1;
    index = index * g.size[d] + at;
  }
  return index;
}

// The output index for which a tap reads a pixel, or -1 if it never does.
GG_FN Count read_by(const Geometry& g, const Place& pixel, const Place& tap) {
  Count index = 0;
  for (int d = 0; d < 3; ++d) {
    const int from = pixel.at[d] + g.padding[d] - tap.at[d] * g.dilation[d];
    const int at = from / g.stride[d];
    if (from < 0 || at * g.stride[d] != from || at >= g.out[d]) return -1;
    index = index * g.out[d] + at;
  }
  return index;
}

// Calls f(tap's number, tap's place) for every tap of the kernel.
template <typename F> GG_FN void for_each_tap(const Geometry& g, F f) {
  Place tap;
  int number = 0;
  for (tap.at[0] = 0; tap.at[0] < g.kernel[0]; ++tap.at[0])
    for (tap.at[1] = 0; tap.at[1] < g.kernel[1]; ++tap.at[1])
      for (tap.at[2] = 0; tap.at[2] < g.kernel[2]; ++tap.at[2]) f(number++, tap);
}

// The channel of the image that line `line` (of all samples' chosen channels) is about.
struct Channel { Count sample; int chosen, image; };

GG_FN Channel channel_of(const Columns& c, Count line) {
  const int per_sample = c.channels / c.group * c.count;
  Channel found;
  found.sample = line / per_sample;
  found.chosen = int(line % per_sample);
  found.image = found.chosen / c.count * c.group + c.first + found.chosen % c.count;
  return found;
}

// One position of one channel of one sample: a column of as many elements as there are taps.
template <typename T>
GG_FN void gather(const Geometry& g, const Columns& c, const T* x, T* columns, Count line,
                  Count position, const Place& out) {
  const Channel channel = channel_of(c, line);
  const T* image = x + (channel.sample * c.channels + channel.image) * g.pixels();
  T* column = columns + channel.sample * c.sample_step +
              Count(channel.chosen) * g.taps() * c.line_step + position;
  for_each_tap(g, [&](int number, const Place& tap) {
    const Count from = read_at(g, out, tap);
    column[number * c.line_step] = from < 0 ? T(0.0f) : image[from];
  });
}

// One pixel of one channel of one sample: the sum of all elements of columns that were read there.
template <typename T, typename U>
GG_FN void collect(const Geometry& g, const Columns& c, const U* columns, const T* bias, T* x,
                   Count line, Count pixel, const Place& place) {
  const Channel channel = channel_of(c, line);
  const U* column = columns + channel.sample * c.sample_step +
                    Count(channel.chosen) * g.taps() * c.line_step;
  Sum<T> sum = bias ? Sum<T>(bias[channel.image]) : Sum<T>(0);
  for_each_tap(g, [&](int number, const Place& tap) {
    const Count from = read_by(g, place, tap);
    if (from >= 0) sum += Sum<T>(column[number * c.line_step + from]);
  });
  x[(channel.sample * c.channels + channel.image) * g.pixels() + pixel] = T(sum);
}

// ----------------------------------------------------------------------------------- depthwise
// Each channel has `filters` filters of its own; filter f of channel c is number c * filters + f.
template <typename T>
GG_FN void depthwise(const Geometry& g, const T* x, const T* weight, const T* bias, T* y,
                     int channels, int filters, Count line, Count position, const Place& out) {
  const int filter = int(line % (Count(channels) * filters));
  const Count sample = line / (Count(channels) * filters);
  const T* image = x + (sample * channels + filter / filters) * g.pixels();
  const T* taps = weight + Count(filter) * g.taps();
  Sum<T> sum = bias ? Sum<T>(bias[filter]) : Sum<T>(0);
  for_each_tap(g, [&](int number, const Place& tap) {
    const Count from = read_at(g, out, tap);
    if (from >= 0) sum += Sum<T>(image[from]) * Sum<T>(taps[number]);
  });
  y[line * g.positions() + position] = T(sum);
}

template <typename T>
GG_FN void depthwise_input(const Geometry& g, const T* y, const T* weight, const T* bias, T* x,
                           int channels, int filters, Count line, Count pixel,
                           const Place& place) {
  const int channel = int(line % channels);
  Sum<T> sum = bias ? Sum<T>(bias[channel]) : Sum<T>(0);
  for (int f = 0; f < filters; ++f) {
    const T* taps = weight + (Count(channel) * filters + f) * g.taps();
    const T* from_here = y + (line * filters + f) * g.positions();
    for_each_tap(g, [&](int number, const Place& tap) {
      const Count from = read_by(g, place, tap);
      if (from >= 0) sum += Sum<T>(from_here[from]) * Sum<T>(taps[number]);
    });
  }
  x[line * g.pixels() + pixel] = T(sum);
}

// One element of the weight: the whole team adds up all samples and positions.
template <typename T, typename Team>
GG_FN void depthwise_weight(const Geometry& g, const T* x, const T* y, T* weight, int channels,
                            int filters, Count samples, Count element, const Team& team) {
  const int filter = int(element / g.taps());
  const Place tap = place_of(element % g.taps(), g.kernel);
  Sum<T> sum = Sum<T>(0);
  for (Count i = team.lane(); i < samples * g.positions(); i += team.lanes()) {
    const Count sample = i / g.positions(), position = i % g.positions();
    const Count from = read_at(g, place_of(position, g.out), tap);
    if (from < 0) continue;
    const T a = x[(sample * channels + filter / filters) * g.pixels() + from];
    const T b = y[(sample * channels * filters + filter) * g.positions() + position];
    sum += Sum<T>(a) * Sum<T>(b);
  }
  sum = team.all(sum, Add());
  if (team.lane() == 0) weight[element] = T(sum);
}

#ifdef GG_ON_DEVICE
// A block is (places, lines): neighbouring threads write neighbouring elements. A thread keeps its
// place, whose division is the dear part, for all the lines that it visits.
template <typename F> __device__ void for_each_line(Count lines, F f) {
  const Count step = Count(gridDim.y) * blockDim.y;
  for (Count line = Count(blockIdx.y) * blockDim.y + threadIdx.y; line < lines; line += step)
    f(line);
}

GG_FN Count own_place() { return Count(blockIdx.x) * blockDim.x + threadIdx.x; }

template <typename T>
__global__ void im2col(const __grid_constant__ Geometry g, const __grid_constant__ Columns c,
                       const T* __restrict__ x, T* columns, Count lines, Count positions) {
  const Count position = own_place();
  if (position >= positions) return;
  const Place out = place_of(c.first_position + position, g.out);
  for_each_line(lines, [&](Count line) { gather(g, c, x, columns, line, position, out); });
}

template <typename T, typename U>
__global__ void col2im(const __grid_constant__ Geometry g, const __grid_constant__ Columns c,
                       const U* __restrict__ columns, const T* bias, T* x, Count lines) {
  const Count pixel = own_place();
  if (pixel >= g.pixels()) return;
  const Place place = place_of(pixel, g.size);
  for_each_line(lines,
                [&](Count line) { collect(g, c, columns, bias, x, line, pixel, place); });
}

template <typename T>
__global__ void depthwise_forward(const __grid_constant__ Geometry g, const T* __restrict__ x,
                                  const T* __restrict__ weight, const T* bias, T* y, int channels,
                                  int filters, Count lines) {
  const Count position = own_place();
  if (position >= g.positions()) return;
  const Place out = place_of(position, g.out);
  for_each_line(lines, [&](Count line) {
    depthwise(g, x, weight, bias, y, channels, filters, line, position, out);
  });
}

template <typename T>
__global__ void depthwise_backward(const __grid_constant__ Geometry g, const T* __restrict__ y,
                                   const T* __restrict__ weight, const T* bias, T* x, int channels,
                                   int filters, Count lines) {
  const Count pixel = own_place();
  if (pixel >= g.pixels()) return;
  const Place place = place_of(pixel, g.size);
  for_each_line(lines, [&](Count line) {
    depthwise_input(g, y, weight, bias, x, channels, filters, line, pixel, place);
  });
}

template <typename T>
__global__ void depthwise_weights(const __grid_constant__ Geometry g, const T* __restrict__ x,
                                  const T* __restrict__ y, T* weight, int channels, int filters,
                                  Count samples, Count elements) {
  const Block team;
  for (Count element = blockIdx.x; element < elements; element += gridDim.x)
    depthwise_weight(g, x, y, weight, channels, filters, samples, element, team);
}
#endif

}  // namespace gg
