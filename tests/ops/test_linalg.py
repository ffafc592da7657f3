"""Linear algebra beyond its rows: arguments, shapes that broadcast or are empty, and errors.

Each line is evaluated by both libraries on the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import assert_same, evaluate

PRODUCTS = """
t.einsum('mn,np', r(2,3), r(3,4))
t.einsum('ba', r(2,3))
t.einsum('aB,Bc', r(2,3), r(3,2))
t.einsum('bij,bjk->bik', r(5,2,3), r(5,3,4))
t.einsum('ii', r(3,3))
t.einsum('iii->i', r(3,3,3))
t.einsum('ijij->ji', r(2,3,2,3))
t.einsum('...ij,...jk->...ik', r(7,1,2,3), r(5,3,4))
t.einsum('i...->...', r(2,3))
t.einsum('ij->...', r(2,3))
t.einsum('ij...,jk', r(2,3,4), r(3,2))
t.einsum('...,...', r(2,3), r(3))
t.einsum('ij->', r(2,3))
t.einsum('i,j,k->ijk', r(2), r(3), r(4))
t.einsum('bn,anm,bm->ba', r(2,3), r(4,3,5), r(2,5))
t.einsum('ij,ik,il->jkl', r(2,3), r(2,4), r(2,5))
t.einsum(r(2,3), [0,1], r(3,4), [1,2], [0,2])
t.einsum(r(2,3), [0,1], r(3,4), [1,2])
t.einsum(r(5,2,3), [...,0,1], r(3,4), [1,2], [...,0,2])
t.einsum('i,i', r(2), r(1))
t.einsum('ij,jk', [r(2,3), r(3,4)])
t.einsum(' i j , j k -> i k ', r(2,3), r(3,4))
t.einsum(',ij->ij', A(2.0), r(3,4))
t.einsum('bqhd,bkhd->bhqk', r(2,3,4,5), r(2,6,4,5))
t.einsum('ij,jk', r(0,3), r(3,2))
t.einsum('ij,jk', r(2,0), r(0,2))
t.einsum('ij,jk', r(2,3), r(4,3))
t.einsum('ij,j', r(2,3))
t.einsum('i->ij', r(2))
t.einsum('i', r(2,3))
t.einsum('i->ii', r(2))
t.einsum('ii', r(2,3))
t.einsum('i1->i', r(2,3))
t.einsum('i,i', r(2), r(2).float())
t.tensordot(r(3,2,3), r(2,3,4))
t.tensordot(r(2,3), r(3,4), 0)
t.tensordot(r(2,3), r(1,4), 1)
t.tensordot(r(2,3), r(3,4), 3)
t.tensordot(r(2,3), r(3,4), -1)
t.tensordot(r(2,3), r(3,4), ([0,1],[0]))
t.tensordot(r(2,3), r(3,2), ([0,0],[1,1]))
t.tensordot(r(2,3), r(3,4), ([0],[0]))
t.inner(r(3), r(3))
t.inner(A(2.0), r(3))
t.inner(r(3,2), r(3))
t.mm(r(2,2).bool(), r(2,2).bool())
t.addmm(r(3), r(2,2), r(2,2))
t.addmm(r(2,2), r(2,2), r(2,2).float())
t.addmm((r(2,2)*9).int(), (r(2,2)*9).int(), (r(2,2)*9).int(), alpha=1.5)
t.addmm(r(2,2)*float('nan'), r(2,2), r(2,2), beta=0)
t.baddbmm(r(2,2,3), r(3,2,5), r(4,5,3))
t.addbmm(r(2,3), r(4,2,5), r(4,4,3))
t.addr(r(2,3)*float('nan'), r(2), r(3), beta=0)
t.addr(r(3), r(2), r(2))
r(2,3).addmm_(r(2,4), r(4,3), beta=2)
r(2,3).addbmm_(r(4,2,5), r(4,5,3))
r(4,2,3).baddbmm_(r(4,2,5), r(4,5,3), alpha=3)
r(2).addmv_(r(2,3), r(3))
r(2,3).addr_(r(2), r(3))
r(3).addr_(r(2), r(3))
t.outer(r(3), r(2).float())
L.cross(r(4,3), r(3))
L.cross(r(4,2), r(4,2))
L.cross(r(3,4), r(3,4), dim=0)
t.cross(r(2,4), r(2,4))
L.vecdot(r(4,3), r(3))
t.trace(r(3))
t.trace((r(3,4)*9).int())
t.kron(r(3), r(4,5))
t.kron(r(2,3).float(), r(4,5))
L.vander(r(2,4), N=3)
L.vander(r(2,4), N=1)
L.vander(t.tensor([1,2,3]))
t.vander(r(4), 3, increasing=True)
t.vander(r(4), N=0)
t.vander(r(2,4))
t.block_diag(r(2,3), r(4).float())
t.block_diag(r(2,3,3))
t.block_diag()
t.cov(r(5))
t.cov(r(3,1))
t.cov(A(2.0))
t.cov(r(3,5), fweights=t.tensor([1,2,3,1,2]))
t.cov(r(3,5), aweights=A(1,2,.3,1,2))
t.cov(r(3,5), aweights=A(1,2,.3,1,2), fweights=t.tensor([1,2,3,1,2]), correction=2)
t.cov(r(3,5), fweights=t.tensor([0,0,0,0,0]))
t.cov(r(3,5), fweights=A(1,2,.3,1,2))
t.cov(r(3,5), fweights=t.tensor([1,2]))
t.cov(t.tensor([[1,2,3],[4,5,7]]))
t.cov(r(3,5,2))
t.corrcoef(r(5))
t.corrcoef(t.tensor([[1,2,3],[4,5,7]]))
F.bilinear(r(6,5,3), r(6,5,4), r(2,3,4))
F.bilinear(r(3), r(4), r(2,3,4))
F.bilinear(r(5,3), r(5,5), r(2,3,4))
F.bilinear(r(5,3), r(6,4), r(2,3,4))
L.multi_dot([r(2)])
L.multi_dot([r(2), r(2,3), r(3)])
L.multi_dot([r(5,2), r(2,3), r(3,7), r(7,1)])
L.multi_dot([r(2,2), r(3,3)])
t.chain_matmul(r(2,3), r(3,4))
L.matrix_power(r(2,3), 2)
L.matrix_power(r(2,2), 0)
L.matrix_power(r(4,2,2), 5)
L.matrix_power(I(2)*0, -1)
r(3,3).matrix_power(1)
L.matrix_exp(r(2,3))
L.matrix_exp(r(4,3,3))
t.matrix_exp(r(3,3)*20)
t.matrix_exp(r(0,3,3))
"""

NORMS = """
L.vector_norm(r(3).int())
L.vector_norm(r(3), ord='fro')
L.vector_norm(r(0), ord=inf)
L.vector_norm(r(0), ord=-1)
L.vector_norm(r(0))
L.vector_norm(r(3,4), 3, dim=1, keepdim=True)
L.vector_norm(r(3,4), 0, dim=1)
L.vector_norm(r(3,4), -inf, dim=(0,1))
L.vector_norm(r(3,4).float(), .5, dtype=t.float64)
L.vector_norm(r(3), dtype=t.float32)
L.matrix_norm(r(3))
L.matrix_norm(r(3,3), ord=3)
L.matrix_norm(r(3,3), ord='x')
L.matrix_norm(r(3,4,5), 1)
L.matrix_norm(r(3,4,5), -1, dim=(0,2))
L.matrix_norm(r(3,4,5), inf, dim=(2,0))
L.matrix_norm(r(3,4,5), -inf, keepdim=True)
L.matrix_norm(r(3,4,5), 'nuc', dim=(2,0), keepdim=True)
L.matrix_norm(r(3,4,5), -2, dim=(0,1))
L.matrix_norm(r(3,4,5), dim=(0,0))
L.norm(r(3), 'fro')
L.norm(r(3,3,3), 2)
L.norm(r(3,3,3))
L.norm(r(3,3,3), dim=(0,1,2))
L.norm(r(3,3), 2)
L.norm(r(3), 1)
L.norm(r(3,4,5), 1, dim=1)
L.norm(r(3,4,5), 1, dim=(1,2))
L.norm(r(3,4,5), dim=(1,2), keepdim=True)
t.norm(r(3).int())
t.norm(r(3,3,3), 'nuc', dim=(0,2))
t.norm(r(3), 'nuc')
t.norm(r(3), 'x')
t.norm(r(3).float(), dtype=t.float64)
t.norm(r(3,3), 2, dim=(0,1))
t.norm(r(3,4,5), p='fro', dim=(0,1), keepdim=True)
t.norm(r(3,4), p=None)
r(3,3).norm(p=1, dim=0)
t.dist(r(3), r(4,3), 1)
t.dist(r(3), r(4,3), inf)
t.dist(r(3), r(4,3), 0)
t.dist(r(3), r(2))
t.dist(r(3).int(), r(3).int())
t.cdist(r(3), r(3))
t.cdist(r(3,2), r(3,3))
t.cdist(r(3,2), r(3,2), p=-1)
t.cdist(r(3,2).int(), r(3,2).int())
t.cdist(r(30,2), r(4,2)+1)
t.cdist(r(3,2), r(4,2)+1, p=0)
t.cdist(r(3,2), r(4,2)+1, p=.5)
t.cdist(r(5,3,2), r(4,2)+1)
t.cdist(r(5,1,3,2), r(2,4,2)+1, p=1)
t.cdist(r(3,2), r(4,2), compute_mode='x')
t.cdist(r(0,2), r(3,2))
t.cdist(r(2,0), r(3,0))
t.pdist(r(3))
t.pdist(r(3,2), -1)
F.pdist(r(5,2), inf)
F.pdist(r(5,2), 0)
F.pdist(r(1,2))
t.renorm(r(3), 2, 0, 1)
t.renorm(r(3,3), 0, 0, 1)
t.renorm(r(3,3), 2, 0, -1)
t.renorm(r(3,3), inf, -1, .5)
r(3,3).renorm_(2, 0, .5)
F.pairwise_distance(r(3,4), r(4), p=1, keepdim=True)
F.cosine_similarity(r(3,4), r(1,4)+1, dim=0)
t.cosine_similarity(r(3,4), r(4)+1, dim=-1)
F.cosine_similarity(r(3,4)*0, r(3,4)+1)
F.cosine_similarity(r(3,4)*1e-9, r(3,4)+1)
F.cosine_similarity(r(3,4).int(), r(3,4).int())
"""

SOLUTIONS = """
L.inv(r(2,3))
L.inv(r(3))
L.inv(r(2,2).int())
L.inv(r(2,2).half())
L.inv(r(2,2)*0)
L.inv(t.stack([I(2), I(2)*0]))
L.inv(r(0,0))
L.inv_ex(r(2,2)*0).info
L.inv_ex(r(2,2)*0, check_errors=True)
r(3,3).inverse()
L.solve(r(2,2)*0, r(2))
L.solve(r(2,3), r(2))
L.solve(I(2), r(3))
L.solve(I(2), r(3,2))
L.solve(I(2), r(2).float())
L.solve(r(3,2,2), r(3,2))
L.solve(r(3,2,2), r(2))
L.solve(r(3,2,2), r(2,4))
L.solve(r(2,2), r(5,2,4))
L.solve(r(2,2), r(2), left=False)
L.solve(r(0,0), r(0,2))
L.solve(r(2,2), r(2,0))
L.solve_ex(r(2,2), r(2))
L.solve_ex(r(2,2)*0, r(2)).info
L.det(r(2,3))
L.det(r(0,0))
t.det(r(2,2).int())
L.slogdet(I(2)*0)
L.slogdet(r(4,3,3))
t.slogdet(r(0,0))
t.logdet(-I(3))
t.logdet(I(3)*0)
L.cholesky(-I(3))
L.cholesky(t.stack([I(2), -I(2)]))
L.cholesky(r(2,3))
L.cholesky(A([4.,2],[0,5]))
L.cholesky(A([4.,2],[0,5]), upper=True)
L.cholesky(r(2,0,0))
t.cholesky(-I(2))
t.cholesky(A([4.,2],[0,5]), upper=True)
L.cholesky_ex(-I(2))
L.cholesky_ex(A([4.,2],[2,1])).info
L.solve_triangular(r(2,2), r(2), upper=True)
L.solve_triangular(r(2,3), r(2,1), upper=True)
L.solve_triangular(r(3,3), r(3,2), upper=False)
L.solve_triangular(r(3,3).mT, r(3,2), upper=False)
L.solve_triangular(r(3,3), r(2,3), upper=True, left=False)
L.solve_triangular(r(4,3,3), r(3,2), upper=True)
L.solve_triangular(r(3,3), r(4,3,2), upper=True)
L.solve_triangular(I(2)*0, r(2,1), upper=True)
t.triangular_solve(r(3,1), r(3,3), upper=False, transpose=True, unitriangular=True)
t.cholesky_solve(r(2), I(2))
t.cholesky_solve(r(3,2), r(3,3), upper=True)
t.cholesky_solve(r(4,3,2), r(3,3))
t.cholesky_solve(r(2,1), I(3))
t.cholesky_inverse(r(2,3))
t.cholesky_inverse(r(2,3,3), upper=True)
L.lu_solve(*L.lu_factor(r(3,3)), r(3,2), adjoint=True)
L.lu_solve(*L.lu_factor(r(3,3)), r(2,3), left=False, adjoint=True)
L.lu_solve(*L.lu_factor(r(4,3,3)), r(4,3,2))
L.lstsq(r(3,2), r(4))
L.lstsq(r(3,2), r(3))
L.lstsq(r(3,2), r(3,4), driver='gels')
L.lstsq(r(3,2), r(3,4), driver='gelsd')
L.lstsq(r(3,2), r(3,4), driver='gelss')
L.lstsq(r(2,3), r(2,4))
L.lstsq(r(5,3,2), r(5,3,4))
L.lstsq(r(5,3,2), r(5,3))
L.lstsq(r(3,2), r(3,4), driver='foo')
L.lstsq(A([1.,1],[1,1],[1,1]), r(3,1))
L.pinv(r(3))
L.pinv(r(3,2), rtol=0.9)
L.pinv(r(3,2), 0.9)
L.pinv(r(3,2), atol=1.0)
L.pinv(r(4,3,2), atol=A(1.0,.1,.5,0))
L.pinv(r(2,3), hermitian=True)
L.pinv(A([1.,2],[2,5]), hermitian=True)
L.matrix_rank(A([1.,1],[1,1]))
L.matrix_rank(A([1.,1],[1,1]), hermitian=True)
L.matrix_rank(r(3))
L.matrix_rank(r(3,3), 1e-1)
L.matrix_rank(r(4,3,3), rtol=.3)
L.cond(I(2)*0, 1)
L.cond(r(2,3), 1)
L.cond(r(2,3))
L.cond(r(3,3), -2)
L.cond(r(4,3,3), 'fro')
L.cond(r(4,3,3), 'nuc')
L.cond(r(4,3,3), inf)
L.cond(I(2), p=3)
L.tensorinv(I(24).reshape(4,6,8,3), ind=2)
L.tensorinv(r(4,6,8,2))
L.tensorinv(r(4,4), ind=0)
L.tensorsolve(r(6,4,2,3,4), r(6,4))
L.tensorsolve(r(2,6,4,3,4), r(6,4), dims=(0,))
"""

FACTORS = """
L.qr(r(3))
L.qr(r(3,2), mode='foo')
L.qr(r(3,2), mode='r')
L.qr(r(2,3))
L.qr(r(4,3,2), mode='complete')
L.qr(r(3,0))
t.qr(r(3,2), some=False)
L.svd(r(3))
abs(L.svd(r(3,2)).U[:, :2])
abs(L.svd(r(4,2,3), False).Vh)
L.svd(r(3,2), driver='gesvd')
L.svdvals(r(4,2,3))
L.svdvals(r(0,3))
[x.shape for x in t.svd(r(3,2), some=False)]
t.svd(r(3,2), compute_uv=False)
L.eigh(r(2,3))
L.eigh(I(2), UPLO='X')
L.eigh(A([1.,2],[3,5])).eigenvalues
L.eigh(A([1.,2],[3,5]), UPLO='u').eigenvalues
L.eigvalsh(r(4,3,3))
L.householder_product(r(3,4), r(3))
L.householder_product(r(4,3), r(4))
L.householder_product(r(2,4,3), r(3))
L.svd(I(3)*float('nan'))
L.svdvals(I(3)*float('nan'))
L.eigh(I(3)*float('nan'))
L.eigvalsh(I(3)*float('nan'))
L.pinv(I(3)*float('nan'))
L.cholesky(I(3)*float('nan'))
L.inv(I(3)*float('nan'))
L.lu(r(3))
L.lu(r(4,3,3))
L.lu(r(5,3))
L.lu(r(2,2), pivot=False)
L.lu_factor(I(2)*0)
L.lu_factor(r(5,3))
L.lu_factor(r(2,3,3))
L.lu_factor_ex(I(2)*0)
t.lu(r(3,3), get_infos=True)
t.lu_unpack(*t.lu(r(4,3)))
t.lu_unpack(*t.lu(r(3,4)), unpack_pivots=False)
"""

FIELDS = """
L.eigh(I(2)) eigenvalues eigenvectors
L.svd(I(2)) U S Vh
t.svd(I(2)) U S V
L.qr(I(2)) Q R
L.slogdet(I(2)) sign logabsdet
L.cholesky_ex(I(2)) L info
L.inv_ex(I(2)) inverse info
L.solve_ex(I(2), I(2)) result info
L.lu(I(2)) P L U
L.lu_factor_ex(I(2)) LU pivots info
L.lstsq(I(2), I(2)) solution residuals rank singular_values
t.triangular_solve(I(2), I(2)) solution cloned_coefficient
"""


def evaluated(text: str, lib: Any) -> Any:
    """The value of a line, or the exception it raises."""
    rng = np.random.default_rng(0)
    scope = {
        "t": lib, "L": lib.linalg, "inf": float("inf"),
        "r": lambda *shape: lib.tensor(rng.standard_normal(shape)),
        "I": lambda n: lib.tensor(np.eye(n)),
        "A": lambda *values: lib.tensor(np.array(values if len(values) > 1 else values[0])),
    }  # fmt: skip
    try:
        return evaluate(text, lib, **scope)
    except Exception as error:
        return error


def assert_alike(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, Exception):
        wanted = type(theirs)
        if wanted.__name__ == "_LinAlgError":
            wanted = gpugrad.linalg.LinAlgError
        elif issubclass(wanted, RuntimeError):
            wanted = RuntimeError  # low precision: NotImplementedError in some of PyTorch
        assert isinstance(ours, wanted), f"{ours!r} is no {wanted}"
    elif isinstance(theirs, (tuple, list)) and not hasattr(theirs, "numel"):
        for a, b in zip(ours, theirs, strict=True):
            assert_alike(a, b)
    else:
        assert not isinstance(ours, Exception), repr(ours)
        single = str(getattr(theirs, "dtype", None)) == "torch.float32"
        assert_same(ours, theirs, 1e-6 if single else 1e-11)


def lines(*tables: str) -> list[str]:
    return [line for table in tables for line in table.strip().splitlines()]


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:cov.*degrees of freedom is <= 0")
@pytest.mark.parametrize("text", lines(PRODUCTS, NORMS, SOLUTIONS, FACTORS))
def test_values_dtypes_and_exceptions_are_pytorchs(text: str) -> None:
    torch = pytest.importorskip("torch")
    assert_alike(evaluated(text, gpugrad), evaluated(text, torch))


@pytest.mark.oracle
@pytest.mark.parametrize("text", lines(FIELDS))
def test_results_have_pytorchs_fields(text: str) -> None:
    torch = pytest.importorskip("torch")
    call, _, fields = text.rpartition(") ")
    ours, theirs = (evaluated(f"{call})", lib) for lib in (gpugrad, torch))
    assert isinstance(ours, tuple)
    for i, name in enumerate(fields.split()):
        assert getattr(ours, name) is ours[i]
        assert_alike(abs(ours[i]), abs(getattr(theirs, name)))


def test_the_gradient_of_a_singular_determinant_is_made_of_cofactors() -> None:
    values = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]]
    x = gpugrad.tensor(values, dtype=gpugrad.float64, device="cpu", requires_grad=True)
    gpugrad.linalg.det(x).backward()
    minors = np.array([[np.delete(np.delete(values, i, 0), j, 1) for j in range(3)]
                       for i in range(3)])  # fmt: skip
    signs = (-1.0) ** np.add.outer(np.arange(3), np.arange(3))
    np.testing.assert_allclose(x.grad.numpy(), signs * np.linalg.det(minors), atol=1e-12)


def test_a_matrix_that_is_not_positive_definite_says_where() -> None:
    x = gpugrad.tensor([[1.0, 2.0], [2.0, 1.0]], device="cpu")
    with pytest.raises(gpugrad.linalg.LinAlgError, match="leading minor of order 2"):
        gpugrad.linalg.cholesky(x)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, float("inf")])
def test_distances_of_many_points_are_those_of_few(p: float) -> None:
    """Blocks of rows and products of matrices change nothing; gradients stay those of the slope."""
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) for shape in ((2, 300, 40), (2, 200, 40))]
    x, y = (gpugrad.tensor(v, device="cpu", requires_grad=True) for v in values)
    seed = gpugrad.tensor(rng.standard_normal((2, 300, 200)), device="cpu")
    out = gpugrad.cdist(x, y, p)
    gaps = x[:, :, None] - y[:, None]
    wanted = gpugrad.linalg.vector_norm(gaps, p, -1)
    np.testing.assert_allclose(out.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)
    found = gpugrad.autograd.grad(out, (x, y), seed)
    for a, b in zip(found, gpugrad.autograd.grad(wanted, (x, y), seed), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-10)


def test_a_matrix_of_low_rank_is_found_by_random_projections() -> None:
    gpugrad.manual_seed(0)
    rng = np.random.default_rng(0)
    values = rng.standard_normal((2, 9, 4)) @ rng.standard_normal((2, 4, 15)) + 7
    x = gpugrad.tensor(values, device="cpu")
    centred = values - values.mean(-2, keepdims=True)
    for found, matrix in (
        (gpugrad.svd_lowrank(x, q=5), values), (gpugrad.pca_lowrank(x, q=4), centred),
        (gpugrad.svd_lowrank(x, 4, M=x.mean(-2, keepdim=True)), centred),
    ):  # fmt: skip
        u, s, v = (t.numpy() for t in found)
        np.testing.assert_allclose(u * s[:, None] @ v.mT, matrix, atol=1e-10)
    with pytest.raises(ValueError, match="not greater than min"):
        gpugrad.pca_lowrank(x, q=10)


def test_a_recorded_backward_of_equal_points_is_zero() -> None:
    x = gpugrad.tensor(np.ones((2, 3)), device="cpu", requires_grad=True)
    (g,) = gpugrad.autograd.grad(gpugrad.cdist(x, x).sum(), x, create_graph=True)
    assert not g.detach().numpy().any()
