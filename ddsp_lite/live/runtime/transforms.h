/* The transforms for float (four rows at once, or one) and double, and the table of cosines they share. */
static float cosines_f[FFT_MAX] ALIGNED, sines_f[FFT_MAX] ALIGNED;
static double cosines_d[FFT_MAX] ALIGNED, sines_d[FFT_MAX] ALIGNED;
static void prepare_transforms(void) {
  for (int k = 0; k < FFT_MAX; k++) {
    cosines_f[k] = (float)(cosines_d[k] = m_cos(6.283185307179586 * k / FFT_MAX));
    sines_f[k] = (float)(sines_d[k] = m_sin(6.283185307179586 * k / FFT_MAX));
  }
}
typedef float four __attribute__((vector_size(16)));
#define REAL float
#define COSINES cosines_f
#define SINES sines_f
#define VEC four
#define LANES 4
#define NAME(x) x##_v
#include "transform.h"
#undef VEC
#undef LANES
#undef NAME
#define VEC float
#define LANES 1
#define NAME(x) x##_s
#include "transform.h"
#undef REAL
#undef COSINES
#undef SINES
#undef VEC
#undef NAME
#define REAL double
#define COSINES cosines_d
#define SINES sines_d
#define VEC double
#define NAME(x) x##_w
#include "transform.h"

#define BOTH(name, call_f, call_d) \
  static void name##_f(const float *x, float *out, int rows, int n, float scale) { call_f; } \
  static void name##_d(const double *x, double *out, int rows, int n, double scale) { call_d; }
BOTH(rfft, rows > 1 ? rows_rfft_v(x, out, rows, n, scale) : rows_rfft_s(x, out, rows, n, scale), rows_rfft_w(x, out, rows, n, scale))
BOTH(irfft, rows > 1 ? rows_irfft_v(x, out, rows, n, scale) : rows_irfft_s(x, out, rows, n, scale), rows_irfft_w(x, out, rows, n, scale))
BOTH(cfft, rows > 1 ? rows_cfft_v(x, out, rows, n, scale, 0) : rows_cfft_s(x, out, rows, n, scale, 0), rows_cfft_w(x, out, rows, n, scale, 0))
BOTH(icfft, rows > 1 ? rows_cfft_v(x, out, rows, n, scale, 1) : rows_cfft_s(x, out, rows, n, scale, 1), rows_cfft_w(x, out, rows, n, scale, 1))
