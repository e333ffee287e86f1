/* Elementary functions without branches, so that loops over them vectorise. Single precision to about 1e-7
   relative, double to about 1e-15; arguments of sin and cos up to some 20,000 periods. */
#define ALIGNED __attribute__((aligned(16)))
#define INLINE static inline __attribute__((always_inline))

INLINE float m_expf(float x) {
  float c = x < -87.0f ? -87.0f : x > 88.5f ? 88.5f : x;
  float n = __builtin_rintf(c * 1.44269504f);
  float r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f + r * (1.0f + r * (0.5f + r * (1.66666667e-1f + r * (4.16666667e-2f + r * (8.33333333e-3f + r * (1.38888889e-3f + r * 1.98412698e-4f))))));
  union { int i; float f; } s = {((int)n + 127) << 23};
  p *= s.f;
  return x < -87.0f ? 0.0f : x > 88.5f ? __builtin_inff() : x != x ? x : p;
}
INLINE double m_exp(double x) {
  double c = x < -708.0 ? -708.0 : x > 709.0 ? 709.0 : x;
  double n = __builtin_rint(c * 1.4426950408889634);
  double r = (c - n * 6.93145751953125e-1) - n * 1.42860682030941723212e-6;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0; p = p * r + 1.0 / 39916800.0; p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0; p = p * r + 1.0 / 40320.0; p = p * r + 1.0 / 5040.0; p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0; p = p * r + 1.0 / 24.0; p = p * r + 1.0 / 6.0; p = p * r + 0.5;
  p = p * r + 1.0; p = p * r + 1.0;
  union { long long i; double f; } s = {((long long)n + 1023) << 52};
  p *= s.f;
  return x < -708.0 ? 0.0 : x > 709.0 ? __builtin_inf() : x != x ? x : p;
}
INLINE float m_logf(float x) {
  union { float f; int i; } u = {x};
  int e = (u.i - 0x3f3504f3) >> 23;
  u.i -= e << 23;
  float f = u.f - 1.0f, s = f / (2.0f + f), z = s * s;
  float p = 2.0f * s * (1.0f + z * (0.333333333f + z * (0.2f + z * (0.142857143f + z * 0.111111111f))));
  float y = e * 0.693359375f + (p - e * 2.12194440e-4f);
  return x > 0 ? (x < __builtin_inff() ? y : x) : x == 0 ? -__builtin_inff() : __builtin_nanf("");
}
INLINE double m_log(double x) {
  union { double f; long long i; } u = {x};
  long long e = (u.i - 0x3fe6a09e667f3bcdLL) >> 52;
  u.i -= e << 52;
  double f = u.f - 1.0, s = f / (2.0 + f), z = s * s, p = 1.0 / 21.0;
  p = p * z + 1.0 / 19.0; p = p * z + 1.0 / 17.0; p = p * z + 1.0 / 15.0; p = p * z + 1.0 / 13.0;
  p = p * z + 1.0 / 11.0; p = p * z + 1.0 / 9.0; p = p * z + 1.0 / 7.0; p = p * z + 0.2; p = p * z + 1.0 / 3.0;
  p = p * z + 1.0;
  double y = e * 6.93145751953125e-1 + (2.0 * s * p + e * 1.42860682030941723212e-6);
  return x > 0 ? (x < __builtin_inf() ? y : x) : x == 0 ? -__builtin_inf() : __builtin_nan("");
}
/* sin(r) for |r| <= pi/2 */
INLINE float m_arcf(float r) {
  float z = r * r;
  return r + r * z * (-1.66666667e-1f + z * (8.33333333e-3f + z * (-1.98412698e-4f + z * (2.75573192e-6f + z * (-2.50521084e-8f + z * 1.6059e-10f)))));
}
INLINE double m_arc(double r) {
  double z = r * r, p = 1.0 / 51090942171709440000.0;
  p = p * z - 1.0 / 121645100408832000.0; p = p * z + 1.0 / 355687428096000.0; p = p * z - 1.0 / 1307674368000.0;
  p = p * z + 1.0 / 6227020800.0; p = p * z - 1.0 / 39916800.0; p = p * z + 1.0 / 362880.0;
  p = p * z - 1.0 / 5040.0; p = p * z + 1.0 / 120.0; p = p * z - 1.0 / 6.0;
  return r + r * z * p;
}
INLINE float m_sinf(float x) {
  float n = __builtin_rintf(x * 0.318309886f);
  float r = ((x - n * 3.140625f) - n * 9.67502593994140625e-4f) - n * 1.509957990978376e-7f;
  float s = m_arcf(r);
  return ((int)n & 1) ? -s : s;
}
INLINE float m_cosf(float x) {
  float n = __builtin_rintf(x * 0.318309886f - 0.5f), h = n + 0.5f;
  float r = ((x - h * 3.140625f) - h * 9.67502593994140625e-4f) - h * 1.509957990978376e-7f;
  float s = m_arcf(r);
  return ((int)n & 1) ? s : -s;
}
INLINE double m_sin(double x) {
  double n = __builtin_rint(x * 0.31830988618379067);
  double r = ((x - n * 3.14159250259399414062) - n * 1.50995788317231927067e-7) - n * 1.07806057163162381058e-14;
  double s = m_arc(r);
  return ((int)n & 1) ? -s : s;
}
INLINE double m_cos(double x) {
  double n = __builtin_rint(x * 0.31830988618379067 - 0.5), h = n + 0.5;
  double r = ((x - h * 3.14159250259399414062) - h * 1.50995788317231927067e-7) - h * 1.07806057163162381058e-14;
  double s = m_arc(r);
  return ((int)n & 1) ? s : -s;
}
INLINE double m_expm1(double x) {
  double p = 1.0 / 87178291200.0;
  p = p * x + 1.0 / 6227020800.0; p = p * x + 1.0 / 479001600.0; p = p * x + 1.0 / 39916800.0;
  p = p * x + 1.0 / 3628800.0; p = p * x + 1.0 / 362880.0; p = p * x + 1.0 / 40320.0; p = p * x + 1.0 / 5040.0;
  p = p * x + 1.0 / 720.0; p = p * x + 1.0 / 120.0; p = p * x + 1.0 / 24.0; p = p * x + 1.0 / 6.0;
  p = p * x + 0.5; p = p * x + 1.0;
  return x > -0.35 && x < 0.35 ? p * x : m_exp(x) - 1.0;
}
INLINE double m_log1p(double x) {
  double u = 1.0 + x, d = (u - 1.0) - x;
  return m_log(u) - (u > 0 && u < __builtin_inf() ? d / u : 0.0);
}
INLINE double m_tanh(double x) {
  double c = x > 20 ? 20 : x < -20 ? -20 : x, e = m_expm1(2.0 * c);
  return x != x ? x : e / (e + 2.0);
}
INLINE double m_sigmoid(double x) { return 1.0 / (1.0 + m_exp(-x)); }
INLINE float m_sigmoidf(float x) { return 1.0f / (1.0f + m_expf(-x)); }
INLINE double m_tan(double x) { return m_sin(x) / m_cos(x); }
INLINE double m_sinh(double x) { double e = m_expm1(x); return 0.5 * (e + e / (e + 1.0)); }
INLINE double m_cosh(double x) { double e = m_exp(x); return 0.5 * (e + 1.0 / e); }
INLINE double m_exp2(double x) { return m_exp(x * 0.6931471805599453); }
INLINE double m_log2(double x) { return m_log(x) * 1.4426950408889634; }
INLINE double m_log10(double x) { return m_log(x) * 0.43429448190325182; }
INLINE double m_pow(double x, double y) {
  double r = m_exp(y * m_log(x < 0 ? -x : x));
  int whole = y == __builtin_rint(y), odd = whole && ((long long)y & 1);
  if (y == 0 || x == 1) return 1;
  return x > 0 ? r : x == 0 ? (y > 0 ? 0.0 : __builtin_inf()) : whole ? (odd ? -r : r) : __builtin_nan("");
}
INLINE double m_atan(double x) {
  double a = __builtin_fabs(x), big = a > 1, t = big ? 1 / a : a, middle = t > 0.41421356237309503;
  double v = middle ? (t - 1) / (t + 1) : t, z = v * v, p = 0;
  for (int k = 41; k > 0; k -= 2) p = 1.0 / k - p * z;
  p = p * v + (middle ? 0.78539816339744831 : 0);
  p = big ? 1.57079632679489662 - p : p;
  return x < 0 ? -p : p;
}
INLINE double m_atan2(double y, double x) {
  if (x == 0) return y > 0 ? 1.57079632679489662 : y < 0 ? -1.57079632679489662 : 0;
  double a = m_atan(y / x);
  return x > 0 ? a : y < 0 ? a - 3.14159265358979312 : a + 3.14159265358979312;
}
#define SINGLE(name) INLINE float name##f(float x) { return (float)name((double)x); }
SINGLE(m_expm1) SINGLE(m_log1p) SINGLE(m_tanh) SINGLE(m_tan) SINGLE(m_sinh) SINGLE(m_cosh) SINGLE(m_exp2)
SINGLE(m_log2) SINGLE(m_log10) SINGLE(m_atan)
INLINE float m_powf(float x, float y) { return (float)m_pow(x, y); }
INLINE float m_atan2f(float y, float x) { return (float)m_atan2(y, x); }
