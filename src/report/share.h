/* share: what a part of something counted says, honestly: of few, a share alone says more than is
 * known. Pure. */
#ifndef REPORT_SHARE_H
#define REPORT_SHARE_H

struct buf;

enum { SHARE_FEW = 200 }; /* below so many, an interval stands beside it */

/* The interval of confidence at 95 % of Clopper and Pearson (Biometrika 26, 1934), in per cent:
 * the shares at which so few, or so many, would come by chance once in 40 times each. */
void share_interval(unsigned long part, unsigned long whole, double *low, double *high);

/* "34 %"; of few "14 % (2-43 %)"; "less than 1 %". Nothing of nothing. */
void share_words(struct buf *out, unsigned long part, unsigned long whole);

#endif
