# Proportional-odds models by MASS::polr, for tests/models/ordinal/test_ordered_logit.py.
#
#     Rscript tests/reference/ordered_logit.R tests/reference
#
# Writes three files into the folder: copenhagen_housing.csv (satisfaction of 1,681 residents, grouped), the example of
# polr's help page; ordered_logit_panel.csv (made-up answers of 7 areas in two windows at five levels, the first two
# areas treated) and ordered_logit.csv (coefficients, cutpoints, standard errors and log likelihoods).
# The panel's model has a location for each area and one for each area's follow-up, and common cutpoints; its case
# "empty" is the same with nobody at the fourth level.

suppressMessages(library(MASS))
folder <- commandArgs(trailingOnly = TRUE)[1]
options(digits = 15)
results <- data.frame()

add <- function(case, model) {
  found <- coef(summary(model))
  results <<- rbind(
    results,
    data.frame(case = case, term = rownames(found), estimate = found[, "Value"], std_error = found[, "Std. Error"]),
    data.frame(case = case, term = "log likelihood", estimate = as.numeric(logLik(model)), std_error = NA)
  )
}
exactly <- list(reltol = 1e-15, maxit = 1000)

wide <- reshape(housing, idvar = c("Infl", "Type", "Cont"), timevar = "Sat", direction = "wide")
names(wide) <- c("infl", "type", "cont", "low", "medium", "high")
write.csv(wide, file.path(folder, "copenhagen_housing.csv"), row.names = FALSE, quote = FALSE)
add("housing", polr(Sat ~ Infl + Type + Cont, weights = Freq, data = housing, Hess = TRUE, control = exactly))

set.seed(20240401)
areas <- 7
rows <- list()
for (area in 1:areas) for (window in 0:1) {
  location <- 0.3 * rnorm(1) + 0.5 * window * (area <= 2)
  below <- plogis(c(-1.8, -0.8, -0.1, 1.4) - location)
  n <- rmultinom(1, 40 + 20 * area, diff(c(0, below, 1)))
  rows[[length(rows) + 1]] <- data.frame(area = area, window = window, level = 1:5, n = n)
}
panel <- do.call(rbind, rows)
write.csv(panel, file.path(folder, "ordered_logit_panel.csv"), row.names = FALSE, quote = FALSE)
fitted <- function(data) {
  data <- data[data$n > 0, ]
  data$answer <- factor(data$level, ordered = TRUE)
  data$place <- factor(data$area)
  for (a in 1:areas) data[[paste0("change", a)]] <- data$window * (data$area == a)
  changes <- paste0("change", 1:areas, collapse = " + ")
  start <- c(rep(0, 2 * areas - 1), qlogis(cumsum(tapply(data$n, droplevels(data$answer), sum)) / sum(data$n)))
  start <- start[-length(start)]
  formula <- as.formula(paste("answer ~ place +", changes))
  polr(formula, weights = n, data = data, Hess = TRUE, start = start, control = exactly)
}
add("panel", fitted(panel))
add("empty", fitted(panel[panel$level != 4, ]))
write.csv(format(results, digits = 13, trim = TRUE), file.path(folder, "ordered_logit.csv"), row.names = FALSE, quote = FALSE)
